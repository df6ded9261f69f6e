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
    vocabularies: [],
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

  test("refuses the last step of one run that another begins behind, and a run that does not say its FLOPs", () => {
    const late = { ...run("late", [1.6e8, 500]) };
    late.step = late.step.map((step) => step + 450);
    const error = failure(() => fitRuns([...constant, late]));
    expect(error.message).toContain("step 400 is not in late, which has steps 451 to 950");
    expect(error.hint).toContain("no step is in all runs");
    const mute = { ...run("mute", [1.6e8, 400]), flops: Array<number>(400).fill(NaN) };
    const unknown = failure(() => fitRuns([...constant, mute], { axis: "flops" }));
    expect(unknown.message).toContain("mute does not say its flops at step 400");
  });

  test("three sizes leave no intervals, and the notes say so", () => {
    const { fit, notes } = fitRuns(constant.slice(0, 3));
    expect(fit!.intervals).toBeNull();
    expect(notes).toEqual([expect.stringContaining("three sizes fit exactly")]);
    expect(fitRuns(constant).notes).toEqual([]);
  });

  test("losses that follow no curve and no law give no prediction, and the notes say why", () => {
    const flat = [1e6, 1.1e6, 1.21e6].map((size, i) => ({
      ...run(`n${size}`, [size, 50]),
      loss: Array<number>(50).fill([3, 2.97, 2.98][i]!),
    }));
    const result = fitRuns(flat, { target: 1e8 });
    expect(result).toMatchObject({ step: 50, fit: null, prediction: null, law: null });
    expect(result.notes).toEqual([
      expect.stringMatching(
        /^no curve .* over parameters at step 50, and no prediction: .* level off at once .*; n1000000 3.0000, n1100000 2.9700, n1210000 2.9800$/,
      ),
      expect.stringContaining("no law L(N, D)"),
    ]);
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

  test("with two sizes, what those two tell", () => {
    const beyond = run("beyond", [2e7, 200], [1.6e8, 200]);
    const two = [constant[1]!, constant[3]!];
    const { law, chained, notes } = fitRuns([...two, grown, beyond]);
    expect(law).toMatchObject({
      source: "fitted",
      floors: [{ parameters: 2e7 }, { parameters: 8e7 }],
    });
    expect(law).not.toHaveProperty("alpha");
    expect(chained.map((found) => found.run)).toEqual(["grown"]);
    for (const { gap, predicted } of chained[0]!.stages)
      expect(Math.abs(gap / predicted)).toBeLessThan(0.03);
    expect(notes).toEqual([
      expect.stringContaining("two sizes do not tell E, A and alpha"),
      "beyond is not chained: a stage has 160000000 parameters, and the law holds for 20000000, 80000000 alone",
    ]);
  });

  test("with runs that follow no law, there is none and nothing is chained", () => {
    const flat = constant.map((own) => ({ ...own, loss: own.loss.map(() => own.loss.at(-1)!) }));
    const { law, chained, notes } = fitRuns([...flat, grown]);
    expect([law, chained]).toEqual([null, []]);
    expect(notes).toEqual([
      expect.stringContaining("no law L(N, D)"),
      "grown is not chained: there is no law",
    ]);
  });

  test("one whose vocabulary grew is left out by name, with the sizes", () => {
    const other = { ...grown, name: "other", vocabularies: [512, 2048] };
    const why = "its vocabulary grew from 512 to 2048 tokens, and losses per token do not compare";
    const { chained, notes } = fitRuns([...constant, grown, other]);
    expect(chained.map((found) => found.run)).toEqual(["grown"]);
    expect(notes).toEqual([expect.stringContaining(`other is left out: ${why}`)]);
    expect(fitRuns([...constant.slice(0, 2), other]).law).not.toBeNull();
    for (const runs of [[other], [constant[0]!, other]])
      expect(failure(() => fitRuns(runs)).message).toContain(`other cannot be fitted: ${why}`);
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
