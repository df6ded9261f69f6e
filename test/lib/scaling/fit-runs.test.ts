import { describe, expect, test } from "vitest";
import { fitRuns } from "../../../lib/scaling/fit-runs.ts";
import { chainedLosses, lawLoss, LOSS_LAWS } from "../../../lib/scaling/loss-law.ts";
import type { ObservedRun } from "../../../lib/scaling/observed-run.ts";
import { failure } from "../failure.ts";

const LAW = LOSS_LAWS.epoch;
const STEP_TOKENS = 1e6;

/** A run that follows the law exactly; `stages` are parameters and steps. */
function run(name: string, ...stages: [parameters: number, steps: number][]): ObservedRun {
  const rows = stages.flatMap(([parameters, steps], stage) =>
    Array.from({ length: steps }, () => ({ parameters, stage })),
  );
  const worth = [0];
  for (const i of stages.keys())
    if (i > 0) {
      const before = stages.slice(0, i + 1).map(([parameters, steps], j) => ({
        parameters,
        tokens: j === i ? 0 : steps * STEP_TOKENS,
      }));
      worth.push(chainedLosses(LAW, before).at(-1)!.equivalent_tokens);
    }
  const firsts = stages.map((_, i) => stages.slice(0, i).reduce((sum, [, n]) => sum + n, 0));
  return {
    name,
    parameters: stages.map(([parameters]) => parameters),
    step: rows.map((_, i) => i + 1),
    stage: rows.map(({ stage }) => stage),
    tokens: rows.map((_, i) => (i + 1) * STEP_TOKENS),
    flops: rows.map(({ parameters }, i) => 6 * parameters * (i + 1) * STEP_TOKENS),
    loss: rows.map(({ parameters, stage }, i) =>
      lawLoss(LAW, parameters, worth[stage]! + (i + 1 - firsts[stage]!) * STEP_TOKENS),
    ),
  };
}

const sizes = [1e7, 2e7, 4e7, 8e7];
const constant = sizes.map((size) => run(`n${size}`, [size, 400]));

describe("fitRuns over sizes", () => {
  test("reads all at the last common step and predicts a larger one", () => {
    const longer = run("longer", [1.6e8, 500]);
    const result = fitRuns([...constant, longer], { target: 1e9 });
    expect(result.step).toBe(400);
    expect(result.fit!.b).toBeCloseTo(-LAW.alpha, 2);
    // A window of the last steps is averaged, which lies above the last one.
    expect(result.prediction!.loss).toBeCloseTo(lawLoss(LAW, 1e9, 400 * STEP_TOKENS), 1);
    expect(result.chained).toEqual([]);
  });

  test("over FLOPs, at a step that is asked for", () => {
    const result = fitRuns(constant, { axis: "flops", step: 100 });
    expect(result.step).toBe(100);
    expect(result.fit!.points[0]!.x).toBe(6 * 1e7 * 100 * STEP_TOKENS);
  });

  test("refuses a step that a run has not taken, naming it and the steps it has", () => {
    const error = failure(() => fitRuns(constant, { step: 401 }));
    expect(error.message).toContain("step 401 is not in n10000000, which has steps 1 to 400");
    expect(error.hint).toContain("up to 400");
  });

  test("refuses two sizes, and runs without steps", () => {
    expect(failure(() => fitRuns(constant.slice(0, 2))).message).toContain("2 different sizes");
    const error = failure(() => fitRuns([...constant, run("empty", [1e6, 0])]));
    expect(error.message).toContain("empty has no step");
  });

  test("stages of one size are one run", () => {
    const halves = run("halves", [1.6e8, 200], [1.6e8, 200]);
    expect(fitRuns([...constant, halves]).fit!.names).toContain("halves");
  });
});

describe("fitRuns over runs that grew", () => {
  const grown = run("grown", [2e7, 200], [8e7, 200]);

  test("with runs of one size, the law is fitted and the gap of lossless growth is nil", () => {
    const { law, chained, fit } = fitRuns([...constant, grown]);
    expect(fit).not.toBeNull();
    expect(law!.source).toBe("fitted");
    expect(chained).toHaveLength(1);
    for (const { gap, predicted } of chained[0]!.stages)
      expect(Math.abs(gap / predicted)).toBeLessThan(0.03);
  });

  test("alone, with published constants", () => {
    const { law, chained, fit, step } = fitRuns([grown]);
    expect([fit, step]).toEqual([null, null]);
    expect(law).toEqual({ ...LAW, source: "epoch" });
    expect(chained[0]!.stages.map(({ parameters, tokens }) => [parameters, tokens])).toEqual([
      [2e7, 200 * STEP_TOKENS],
      [8e7, 200 * STEP_TOKENS],
    ]);
  });

  test("alone and tiny, it is refused: published laws do not reach down to it", () => {
    const error = failure(() => fitRuns([run("tiny", [1e5, 200], [2e5, 200])]));
    expect(error.message).toContain("tiny begins with 100000 parameters");
    expect(error.hint).toContain("do not grow");
  });
});
