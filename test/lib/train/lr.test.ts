import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { stageSteps } from "../../../lib/config/steps.ts";
import type { Config, UserConfig } from "../../../lib/config/types.ts";
import { learningRate } from "../../../lib/train/lr.ts";
import { STAGE, userConfig } from "../config/fixtures.ts";

const STEP_TOKENS = 8 * 32;

type Schedule = NonNullable<UserConfig["schedule"]>;

/** Stages of the given steps, peaks and warm-ups; the floor is 0.1. */
function config(
  schedule: Schedule,
  stages: readonly { steps: number; lr?: number; warmup?: number }[],
  min_lr = 0.1,
): Config {
  return resolveConfig(
    userConfig(
      stages.map(({ steps, lr = 1, warmup = 0 }) => ({
        ...STAGE,
        tokens: steps * STEP_TOKENS,
        lr,
        warmup_steps: warmup,
      })),
      { schedule, optimizer: { lr: 1, min_lr } },
    ),
  );
}

/** The rate of every step of the run, in order. */
function rates(of: Config): number[] {
  return of.stages.flatMap((_, stage) =>
    Array.from({ length: stageSteps(of, stage) }, (_, stage_step) =>
      learningRate(of, { stage, stage_step }),
    ),
  );
}

const rounded = (values: number[]) => values.map((value) => Number(value.toFixed(6)));

test("constant stays at the peak", () => {
  expect(rates(config({ type: "constant" }, [{ steps: 4 }]))).toEqual([1, 1, 1, 1]);
});

test("wsd falls linearly to the floor over its last fraction", () => {
  const steps = rates(config({ type: "wsd", decay_fraction: 0.5 }, [{ steps: 11 }], 0));
  expect(rounded(steps)).toEqual([1, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0]);
  expect(rates(config({ type: "wsd", decay_fraction: 0 }, [{ steps: 3 }]))).toEqual([1, 1, 1]);
});

test("cosine falls from the peak to the floor", () => {
  const steps = rates(config({ type: "cosine" }, [{ steps: 5 }], 0));
  expect(rounded(steps)).toEqual([1, 0.853553, 0.5, 0.146447, 0]);
});

test("warm-up rises linearly and ends at the schedule", () => {
  const steps = rates(config({ type: "constant" }, [{ steps: 6, warmup: 4 }]));
  expect(steps).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
});

describe("a later stage", () => {
  test("warms up from the rate that it finds, downwards too", () => {
    const stages = [{ steps: 2 }, { steps: 5, lr: 0.2, warmup: 4 }];
    expect(rounded(rates(config({ type: "constant" }, stages)))).toEqual([
      1, 1, 0.8, 0.6, 0.4, 0.2, 0.2,
    ]);
  });
});

describe("the horizon", () => {
  const stages = [{ steps: 3 }, { steps: 3 }];

  test("is the run: the decay ends once", () => {
    const steps = rates(config({ type: "wsd", decay_fraction: 0.4, horizon: "run" }, stages, 0));
    expect(rounded(steps)).toEqual([1, 1, 1, 1, 0.5, 0]);
  });

  test("or each stage", () => {
    const steps = rates(config({ type: "wsd", decay_fraction: 1, horizon: "stage" }, stages, 0));
    expect(steps).toEqual([1, 0.5, 0, 1, 0.5, 0]);
  });
});

test("a run of one step trains at its peak", () => {
  expect(rates(config({ type: "cosine" }, [{ steps: 1 }]))).toEqual([1]);
});

test("no step's rate is above the highest peak, or without warm-up below the floor", () => {
  const schedule = fc.record({
    type: fc.constantFrom("wsd" as const, "cosine" as const, "constant" as const),
    decay_fraction: fc.double({ min: 0, max: 1, noNaN: true }),
    horizon: fc.constantFrom("run" as const, "stage" as const),
  });
  const stage = fc
    .record({
      steps: fc.integer({ min: 1, max: 30 }),
      lr: fc.double({ min: 0.2, max: 3, noNaN: true }),
      warmup: fc.integer({ min: 0, max: 10 }),
    })
    .map(({ warmup, ...rest }) => ({ ...rest, warmup: Math.min(warmup, rest.steps - 1) }));
  fc.assert(
    fc.property(schedule, fc.array(stage, { minLength: 1, maxLength: 3 }), (schedule, stages) => {
      const peak = Math.max(...stages.map(({ lr }) => lr));
      for (const rate of rates(config(schedule, stages))) {
        expect(rate).toBeGreaterThan(0);
        expect(rate).toBeLessThanOrEqual(peak * (1 + 1e-12));
        if (stages[0]!.warmup === 0) expect(rate).toBeGreaterThanOrEqual(0.1 - 1e-12);
      }
    }),
    { numRuns: 50 },
  );
});

test("a horizon of tokens ends the decay there, before the run's end or behind it", () => {
  const tokens = (steps: number) => ({
    type: "wsd" as const,
    decay_fraction: 0.5,
    horizon: "tokens" as const,
    horizon_tokens: steps * STEP_TOKENS,
  });
  const run = rates(config({ type: "wsd", decay_fraction: 0.5 }, [{ steps: 11 }], 0));
  const long = rates(config(tokens(11), [{ steps: 6 }, { steps: 8 }], 0));
  expect(rounded(long)).toEqual([...rounded(run), 0, 0, 0]);
  expect(rounded(rates(config(tokens(11), [{ steps: 8 }], 0)))).toEqual(rounded(run).slice(0, 8));
  expect(rates(config(tokens(1), [{ steps: 2 }], 0))).toEqual([1, 0]);
});
