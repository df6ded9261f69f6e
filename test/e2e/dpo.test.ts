import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { succeed } from "./support/cli.ts";
import { preferenceProject } from "./support/preferences.ts";
import { events, metrics } from "./support/run-files.ts";

it("prefers the chosen answers of pairs that it has not seen", async () => {
  const { directory, run } = await preferenceProject();
  await succeed(["config.yaml"], { cwd: directory });
  const rows = metrics(run);
  // Nothing has been learned before the first step: the model is its own reference.
  expect(rows[0]!.loss).toBeCloseTo(Math.LN2, 5);
  const measured = events(run, "preference");
  expect(measured.map(({ step }) => step)).toEqual([6, 12, 18, 24]);
  const margins = measured.map(({ margin }) => Number(margin));
  expect(margins[0]).toBeGreaterThan(0);
  expect(margins).toEqual([...margins].sort((a, b) => a - b));
  expect(measured.at(-1)).toMatchObject({ accuracy: 1 });
  expect(Number(measured.at(-1)!.loss)).toBeLessThan(0.5);
});

it("ends well with a large beta, whose losses say nothing about guessing tokens", async () => {
  const objective = { type: "dpo", beta: 20 } as const;
  const { directory, run, path, write } = await preferenceProject({ objective });
  // Every third pair contradicts the others: what nobody can learn has a high loss.
  const pairs = readFileSync(path("pairs.jsonl"), "utf8").split("\n");
  const turned = pairs.map((line, i) => {
    const { prompt, chosen, rejected } = JSON.parse(line) as Record<string, string>;
    return i % 3 > 0 ? line : JSON.stringify({ prompt, chosen: rejected, rejected: chosen });
  });
  write("pairs.jsonl", turned.join("\n"));
  await succeed(["config.yaml"], { cwd: directory });
  const guessing = Math.log(257);
  expect(metrics(run).at(-1)!.loss).toBeGreaterThan(2 * guessing);
});
