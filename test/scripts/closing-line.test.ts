import { afterEach, expect, it, vi } from "vitest";
import type { TestModule } from "vitest/node";
import ClosingLine from "../reporter/closing-line.ts";

const lines: string[] = [];
vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
afterEach(() => void lines.splice(0));

type State = "passed" | "failed" | "skipped";

function module(states: State[], errors: unknown[] = []): TestModule {
  const tests = states.map((state) => ({ result: () => ({ state }) }));
  return { children: { allTests: () => tests }, errors: () => errors } as unknown as TestModule;
}

it("ends with the totals of all modules, skipped tests on the line before", () => {
  new ClosingLine().onTestRunEnd([module(["passed", "skipped"]), module(["passed", "failed"])], []);
  expect(lines).toEqual(["1 skipped", "2 passed, 1 failed"]);
});

it("counts a module that could not be loaded and an error outside tests", () => {
  const outside = { name: "Error", message: "worker exited unexpectedly" };
  new ClosingLine().onTestRunEnd(
    [module(["passed"]), module([], [new Error("syntax")])],
    [outside],
  );
  expect(lines).toEqual(["1 passed, 2 failed"]);
});
