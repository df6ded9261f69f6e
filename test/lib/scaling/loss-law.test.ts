import { describe, expect, test } from "vitest";
import {
  chainedLosses,
  computeOptimum,
  type LawName,
  lawLoss,
  LOSS_LAWS,
} from "../../../lib/scaling/loss-law.ts";
import { fitLossLaw } from "../../../lib/scaling/loss-law-fit.ts";
import { uniform } from "../../../lib/scaling/random.ts";
import { failure } from "../failure.ts";

describe("published laws", () => {
  test.each<[LawName, number, number, number]>([
    ["hoffmann", 7e10, 1.4e12, 1.937],
    ["epoch", 7e10, 1.4e12, 1.974],
    ["hoffmann", 1.3e9, 5.5e11, 2.226],
    ["epoch", 1.3e9, 5.5e11, 2.249],
    ["hoffmann", 1e8, 2e9, 3.486],
    ["epoch", 1e8, 2e9, 3.439],
  ])("%s at N %d, D %d: %d", (law, parameters, tokens, loss) => {
    expect(lawLoss(LOSS_LAWS[law], parameters, tokens)).toBeCloseTo(loss, 3);
  });

  test.each<[LawName, number, number, number]>([
    ["hoffmann", 1e18, 8.1e7, 2.07e9],
    ["epoch", 1e18, 8.1e7, 2.07e9],
    ["hoffmann", 5.76e23, 3.2e10, 3.0e12],
    ["epoch", 5.76e23, 7.2e10, 1.33e12],
  ])("%s with %d FLOPs: N %d on D %d", (law, flops, parameters, tokens) => {
    const optimum = computeOptimum(LOSS_LAWS[law], flops);
    expect(Math.abs(optimum.parameters / parameters - 1)).toBeLessThan(0.05);
    expect(Math.abs(optimum.tokens / tokens - 1)).toBeLessThan(0.05);
    for (const other of [0.8, 1.25]) {
      const loss = lawLoss(LOSS_LAWS[law], optimum.parameters * other, optimum.tokens / other);
      expect(loss).toBeGreaterThan(optimum.loss);
    }
  });
});

describe("chainedLosses over FLM-101B's stages, Epoch's constants", () => {
  const stages = [
    { parameters: 16e9, tokens: 245.37e9 },
    { parameters: 51e9, tokens: 39.64e9 },
    { parameters: 101e9, tokens: 26.54e9 },
  ];
  const chained = chainedLosses(LOSS_LAWS.epoch, stages);

  test("losses and equivalent tokens", () => {
    expect(chained.map(({ loss }) => loss.toFixed(4))).toEqual(["2.0955", "2.0763", "2.0627"]);
    expect(chained.map((stage) => (stage.equivalent_tokens / 1e9).toFixed(1))).toEqual([
      "0.0",
      "115.4",
      "115.3",
    ]);
  });

  test("beside the references at equal tokens and at equal compute", () => {
    const law = LOSS_LAWS.epoch;
    const flops = stages.reduce((sum, { parameters: n, tokens: d }) => sum + 6 * n * d, 0);
    expect(lawLoss(law, 101e9, 311.55e9)).toBeCloseTo(2.0192, 4);
    expect(flops / 1e21).toBeCloseTo(51.8, 0);
    expect(lawLoss(law, 101e9, flops / 6 / 101e9)).toBeCloseTo(2.0981, 3);
    expect(computeOptimum(law, flops).loss).toBeCloseTo(2.0588, 3);
  });

  test("a stage that shrinks below the loss it begins with is refused", () => {
    const shrinking = [...stages, { parameters: 1e9, tokens: 1e9 }];
    const error = failure(() => chainedLosses(LOSS_LAWS.epoch, shrinking));
    expect(error.message).toContain("stage 4 begins at loss 2.0627");
  });
});

describe("chainedLosses under a law of single sizes", () => {
  const law = LOSS_LAWS.epoch;
  const floorOf = (parameters: number) => law.E + law.A / parameters ** law.alpha;
  const floors = [1e7, 4e7].map((parameters) => ({ parameters, floor: floorOf(parameters) }));
  const sized = { floors, B: law.B, beta: law.beta };
  const stages = [1e7, 4e7].map((parameters) => ({ parameters, tokens: 1e9 }));

  test("is the same as under the whole law", () => {
    const whole = chainedLosses(law, stages);
    for (const [i, stage] of chainedLosses(sized, stages).entries())
      expect(stage.loss).toBeCloseTo(whole[i]!.loss, 10);
  });

  test("refuses another size, and a stage without tokens", () => {
    const other = failure(() => chainedLosses(sized, [{ parameters: 2e7, tokens: 1e9 }]));
    expect(other.message).toContain(
      "20000000 parameters, and the law holds for 10000000, 40000000",
    );
    const nothing = failure(() => chainedLosses(sized, [{ parameters: 1e7, tokens: 0 }]));
    expect(nothing.message).toContain("stage 1 of 10000000 parameters and 0 tokens");
  });
});

describe("fitLossLaw", () => {
  const law = LOSS_LAWS.epoch;
  const random = uniform(7);
  const points = Array.from({ length: 240 }, () => {
    const parameters = 10 ** (7.6 + 2.6 * random());
    const tokens = 10 ** (8.7 + 2.6 * random());
    return { parameters, tokens, loss: lawLoss(law, parameters, tokens) };
  });

  test("finds Epoch's law from samples of it", () => {
    const fit = fitLossLaw(points);
    expect(fit.E).toBeCloseTo(law.E, 4);
    expect(fit.alpha).toBeCloseTo(law.alpha, 4);
    expect(fit.beta).toBeCloseTo(law.beta, 4);
    expect(Math.abs(fit.A / law.A - 1)).toBeLessThan(1e-3);
    expect(Math.abs(fit.B / law.B - 1)).toBeLessThan(1e-3);
  });

  test("a few wild points do not move it far", () => {
    const wild = points.map((point, i) => ({
      ...point,
      loss: point.loss * (i % 40 === 0 ? 1.1 : 1),
    }));
    const fit = fitLossLaw(wild);
    expect(fit.alpha).toBeCloseTo(law.alpha, 2);
    expect(fit.beta).toBeCloseTo(law.beta, 2);
  });

  test("five points, or one size, are refused", () => {
    expect(failure(() => fitLossLaw(points.slice(0, 5))).message).toContain("5 points");
    const oneSize = points.map((point) => ({ ...point, parameters: 1e8 }));
    expect(failure(() => fitLossLaw(oneSize)).message).toContain("1 sizes");
  });
});
