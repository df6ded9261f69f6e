import { expect, test } from "vitest";
import { progressAt } from "../../../../lib/report/facts/progress.ts";
import { addRow, noSteps } from "../../../../lib/report/read/steps.ts";
import { stepRow } from "../runs.ts";

test("between logged steps a run moves evenly, from nothing to its last row", () => {
  const steps = noSteps();
  for (const step of [10, 20]) addRow(steps, stepRow(step, { tokens: 10 * step }));
  const tokens = [0, 5, 10, 15, 20, 25].map((step) => progressAt(steps, step).tokens);
  expect(tokens).toEqual([0, 50, 100, 150, 200, 200]);
});

test("without rows it does not move", () => {
  expect(progressAt(noSteps(), 7)).toEqual({ tokens: 0, step: 0, flops: 0, seconds: 0 });
});

test("steps that were not logged took as long as the next one that was", () => {
  const steps = noSteps();
  for (const step of [1, 11, 12]) addRow(steps, stepRow(step, { step_ms: 500 }));
  expect(steps.seconds).toEqual([0.5, 5.5, 6]);
  expect(progressAt(steps, 6).seconds).toBe(3);
});
