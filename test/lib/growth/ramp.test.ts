import { describe, expect, test } from "vitest";
import { planGrowth } from "../../../lib/growth/plan.ts";
import { growthMasks, NO_MASKS, NO_RAMP, rampAt } from "../../../lib/growth/ramp.ts";
import { LARGE, SMALL } from "./shapes.ts";

const MASKED = { depth: "stack", width: "mask", ramp_steps: 4 } as const;

test("step j of N runs with m = j / N, then the plain kernels run", () => {
  const ms = [0, 1, 2, 3, 4, 5].map((step) => rampAt({ ramp_steps: 4 }, step).hidden);
  expect(ms).toEqual([0, 0.25, 0.5, 0.75, 1, 1]);
  expect(rampAt({ ramp_steps: 4 }, 1)).toEqual({
    hidden: 0.25,
    ffn: 0.25,
    heads: 0.25,
    layers: 0.25,
  });
  expect(rampAt({ ramp_steps: 4 }, 4)).toBe(NO_RAMP);
});

test("without a ramp the plain kernels run at once", () => {
  expect(rampAt({ ramp_steps: 0 }, 0)).toBe(NO_RAMP);
  expect(growthMasks(planGrowth(SMALL, LARGE, { ...MASKED, ramp_steps: 0 }))).toBe(NO_MASKS);
});

describe("masks", () => {
  test("mark what is new", () => {
    const masks = growthMasks(planGrowth(SMALL, LARGE, MASKED));
    expect([...masks.hidden]).toEqual([...Array(16).fill(0), 1, 1, 1, 1]);
    expect([...masks.ffn].filter(Boolean)).toHaveLength(8);
    expect([...masks.heads]).toEqual([0, 0, 0, 0, 1, 1]);
    expect([...masks.kv_heads]).toEqual([0, 0, 1]);
    expect([...masks.layers]).toEqual([0, 0, 1, 1, 1]);
  });

  test("an axis that stays has none, but queries and their KV heads come together", () => {
    const moreQueries = { ...SMALL, num_attention_heads: 6 };
    const masks = growthMasks(planGrowth(SMALL, moreQueries, MASKED));
    expect([...masks.heads]).toEqual([0, 0, 1, 0, 0, 1]);
    expect([...masks.kv_heads]).toEqual([0, 0]);
    expect(masks.hidden).toHaveLength(0);
    expect(masks.ffn).toHaveLength(0);
    expect(masks.layers).toHaveLength(0);
  });

  test("what is silent by its values has none", () => {
    const lengths = (growth: { width: "mask" | "zero"; depth: "stack" | "zero" }) =>
      Object.values(growthMasks(planGrowth(SMALL, LARGE, { ...MASKED, ...growth }))).map(
        (mask) => mask.length,
      );
    expect(lengths({ width: "zero", depth: "stack" })).toEqual([0, 0, 0, 0, 5]);
    expect(lengths({ width: "mask", depth: "zero" })).toEqual([20, 32, 6, 3, 0]);
    expect(lengths({ width: "zero", depth: "zero" })).toEqual([0, 0, 0, 0, 0]);
  });
});
