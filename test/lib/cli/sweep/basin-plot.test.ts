import { expect, test } from "vitest";
import { basinPlot } from "../../../../lib/cli/sweep/basin-plot.ts";
import type { SweepResult } from "../../../../lib/scaling/sweep.ts";

const result = (lr: number, loss: number | null): SweepResult => ({
  lr,
  init_std: 0.02,
  output_mult: 1,
  loss,
});

test("a line goes through the losses of a deviation, by rate", () => {
  const text = basinPlot([result(4e-3, 3), result(1e-3, 4)]);
  expect(text).toContain('points="56.0,56.0 584.0,344.0"');
});

test("every loss is a dot, also where it is the only one of its line", () => {
  const circles = (results: SweepResult[]) => basinPlot(results).match(/<circle/g)?.length;
  expect(circles([result(1e-3, 4)])).toBe(1);
  expect(circles([result(1e-3, 4), result(2e-3, null), result(4e-3, 5)])).toBe(2);
});
