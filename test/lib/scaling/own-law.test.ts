import { describe, expect, test } from "vitest";
import { lawLoss, LOSS_LAWS, type LossLaw } from "../../../lib/scaling/loss-law.ts";
import type { ObservedRun } from "../../../lib/scaling/observed-run.ts";
import { ownLaw } from "../../../lib/scaling/own-law.ts";
import { uniform } from "../../../lib/scaling/random.ts";

const LAW: LossLaw = { E: 1.6, A: 9, B: 60, alpha: 0.27, beta: 0.3 };
const STEPS = Array.from({ length: 500 }, (_, i) => i + 1);
const TOKENS = 4096;

function run(
  size: number,
  loss = (step: number) => lawLoss(LAW, size, step * TOKENS),
): ObservedRun {
  return {
    name: `n${size}`,
    parameters: [size],
    vocabularies: [],
    step: STEPS,
    stage: STEPS.map(() => 0),
    loss: STEPS.map(loss),
    tokens: STEPS.map((step) => step * TOKENS),
    flops: STEPS.map((step) => 6 * size * step * TOKENS),
  };
}

describe("ownLaw", () => {
  test("three sizes tell the whole law", () => {
    const { law, note } = ownLaw([1e6, 3e6, 1e7].map((size) => run(size)));
    expect(note).toBeNull();
    expect((law as LossLaw).alpha).toBeCloseTo(LAW.alpha, 3);
    expect((law as LossLaw).E).toBeCloseTo(LAW.E, 2);
  });

  test("two sizes tell B, beta and their own floors", () => {
    const { law, note } = ownLaw([1e6, 3e6].map((size) => run(size)));
    expect(note).toContain("two sizes do not tell E, A and alpha");
    expect(law).toEqual({
      floors: [1e6, 3e6].map((parameters) => ({
        parameters,
        floor: expect.closeTo(LAW.E + LAW.A / parameters ** LAW.alpha, 2),
      })),
      B: expect.closeTo(LAW.B, 0),
      beta: expect.closeTo(LAW.beta, 2),
    });
  });

  test("three sizes tell no more where the floor falls ever faster", () => {
    const floors = new Map([
      [1e6, 2],
      [1e7, 1.9],
      [1e8, 1],
    ]);
    const runs = [...floors].map(([size, floor]) =>
      run(size, (step) => floor + LAW.B / (step * TOKENS) ** LAW.beta),
    );
    const { law, note } = ownLaw(runs);
    expect(note).toContain("the runs do not tell E, A and alpha");
    expect(law).toHaveProperty("floors");
  });

  test("losses that stay, rise or jump with the tokens tell none", () => {
    const random = uniform(1);
    for (const shape of [
      () => 0,
      (step: number) => step / 1000,
      () => 1e-4 * random(),
      (step: number) => (step < 60 ? 1 : 0),
    ]) {
      const runs = [1e6, 1.1e6, 1.21e6].map((size) => run(size, (step) => 3 + shape(step)));
      const { law, note } = ownLaw(runs);
      expect(law).toBeNull();
      expect(note).toContain("no law L(N, D)");
    }
  });

  test("too few sizes or steps are not asked", () => {
    const nothing = { law: null, note: null };
    expect(ownLaw([run(1e6)])).toEqual(nothing);
    const last = (own: ObservedRun): ObservedRun => ({
      ...own,
      ...{ step: [500], stage: [0], loss: [3], tokens: [500 * TOKENS], flops: [1e9] },
    });
    expect(ownLaw(Array.from({ length: 9 }, (_, i) => last(run(1e6 * (1 + i)))))).toEqual(nothing);
  });

  test("a published law is found again from its own losses", () => {
    const { law } = ownLaw(
      [1e7, 4e7, 1.6e8].map((size) =>
        run(size, (step) => lawLoss(LOSS_LAWS.epoch, size, step * TOKENS)),
      ),
    );
    expect(law!.beta).toBeCloseTo(LOSS_LAWS.epoch.beta, 2);
  });
});
