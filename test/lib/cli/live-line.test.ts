import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fitted, LiveLine } from "../../../lib/cli/live-line.ts";
import { Output } from "./outputs.ts";

beforeEach(() => void vi.stubEnv("TERM", "xterm"));
afterEach(() => void vi.unstubAllEnvs());

describe("on a terminal", () => {
  test("the line is rewritten in place, and lines that stay push it down", () => {
    const out = new Output(40);
    const line = new LiveLine(out);
    expect(line.isTerminal).toBe(true);
    line.show("step 1");
    line.show("step 2");
    line.print("validation");
    line.show("step 3");
    expect(out.screen).toEqual(["validation", "step 3"]);
    line.clear();
    line.print("done");
    expect(out.screen).toEqual(["validation", "done", ""]);
  });

  test("it is cut to the width, so that it never wraps", () => {
    const out = new Output(5);
    new LiveLine(out).show("123456789");
    expect(out.screen).toEqual(["1234"]);
  });
});

test("on a terminal that cannot rewrite a line only lines that stay are written", () => {
  vi.stubEnv("TERM", "dumb");
  const out = new Output(40);
  const line = new LiveLine(out);
  line.show("step 1");
  line.print("validation");
  line.clear();
  expect(line.isTerminal).toBe(false);
  expect(out.text).toBe("validation\n");
});

test("without a terminal only lines that stay are written", () => {
  const out = new Output();
  const line = new LiveLine(out);
  line.show("step 1");
  line.print("done");
  line.clear();
  expect(out.text).toBe("done\n");
});

describe("parts of a line", () => {
  const parts = [
    { text: "step 1", rank: 0 },
    { text: "lr 1", rank: 2 },
    { text: "3s left", rank: 1 },
  ];

  test.each([
    [Infinity, "step 1  lr 1  3s left"],
    [21, "step 1  lr 1  3s left"],
    [20, "step 1  3s left"],
    [14, "step 1"],
    [1, "step 1"],
  ])("in %d characters", (width, text) => {
    expect(fitted(parts, width)).toBe(text);
  });
});
