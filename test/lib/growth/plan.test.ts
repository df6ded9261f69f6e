import { describe, expect, test } from "vitest";
import { planGrowth } from "../../../lib/growth/plan.ts";
import { failure } from "../failure.ts";
import { LARGE, SMALL, withEveryParameter } from "./shapes.ts";

const LINEAR = {
  type: "linear",
  factor: 2,
  low_freq_factor: null,
  high_freq_factor: null,
  original_max_position_embeddings: null,
} as const;

const MASKED = { depth: "stack", width: "mask", ramp_steps: 10 } as const;

test("one map for each axis, as long as the new axis", () => {
  const plan = planGrowth(SMALL, LARGE, MASKED);
  expect(plan).toMatchObject({ from: SMALL, to: LARGE, ...MASKED, preserving: true });
  const lengths = [plan.hidden, plan.ffn, plan.heads, plan.kv_heads, plan.vocab, plan.positions];
  expect(lengths.map((map) => map.length)).toEqual([20, 32, 6, 3, 10, 0]);
  expect([...plan.layers.source]).toEqual([0, 1, 0, 1, 1]);
});

test("a learned position table is an axis", () => {
  const [small, large] = [withEveryParameter(SMALL), withEveryParameter(LARGE)];
  expect(planGrowth(small, { ...large, seq_length: 16 }, MASKED).positions).toHaveLength(16);
  expect(failure(() => planGrowth(small, { ...large, seq_length: 4 }, MASKED)).message).toContain(
    "seq_length of learned positions would shrink from 8 to 4",
  );
});

test.each([
  ["stack", [0, 1, 0, 1, 1]],
  ["interleave", [0, 0, 1, 1, 1]],
  ["random", [0, 1, -1, -1, -1]],
  ["zero", [0, 1, -1, -1, -1]],
] as const)("depth %s chooses the layers' sources", (depth, sources) => {
  expect([...planGrowth(SMALL, LARGE, { ...MASKED, depth }).layers.source]).toEqual(sources);
});

describe("preserving", () => {
  const deeper = { ...SMALL, num_layers: 4 };
  const wider = { ...SMALL, ffn_hidden_size: 32 };
  const AT_ONCE = { ...MASKED, ramp_steps: 0 };

  test("behind a ramp everything is, but for a larger vocabulary", () => {
    expect(planGrowth(SMALL, LARGE, { ...MASKED, depth: "random" }).preserving).toBe(true);
    expect(planGrowth(SMALL, { ...LARGE, vocab_size: 11 }, MASKED).preserving).toBe(false);
  });

  test("without a ramp only what is silent by its values is", () => {
    expect(planGrowth(SMALL, wider, AT_ONCE).preserving).toBe(false);
    expect(planGrowth(SMALL, wider, { ...AT_ONCE, width: "zero" }).preserving).toBe(true);
    expect(planGrowth(SMALL, deeper, AT_ONCE).preserving).toBe(false);
    expect(planGrowth(SMALL, deeper, { ...AT_ONCE, depth: "zero" }).preserving).toBe(true);
    expect(planGrowth(SMALL, LARGE, { ...AT_ONCE, depth: "zero", width: "zero" }).preserving).toBe(
      true,
    );
  });

  test("an event without anything new is", () => {
    expect(planGrowth(SMALL, SMALL, AT_ONCE).preserving).toBe(true);
  });
});

describe("refused", () => {
  test.each([
    ["hidden_size", 12],
    ["ffn_hidden_size", 8],
    ["vocab_size", 9],
    ["num_layers", 1],
    ["num_kv_heads", 1],
  ] as const)("a smaller %s", (key, value) => {
    const { code, message } = failure(() => planGrowth(SMALL, { ...SMALL, [key]: value }, MASKED));
    expect(code).toBe("GROWTH_INVALID");
    expect(message).toContain(`${key} would shrink from ${SMALL[key]} to ${value}`);
  });

  test.each([
    ["head_size", 8],
    ["norm", "layer_norm"],
    ["activation", "gelu"],
    ["position_embedding", "xpos"],
    ["rope_theta", 5000],
    ["rope_scaling", LINEAR],
    ["bias", true],
    ["tie_embeddings", false],
  ] as const)("another %s", (key, value) => {
    const { message } = failure(() => planGrowth(SMALL, { ...LARGE, [key]: value }, MASKED));
    const [before, after] = [SMALL[key], value].map((one) =>
      typeof one === "object" ? JSON.stringify(one) : String(one),
    );
    expect(message).toContain(`${key} would change from ${before} to ${after}`);
  });

  test("but scaling of RoPE that is the same in both is none", () => {
    const [small, large] = [SMALL, LARGE].map((shape) => ({
      ...shape,
      rope_scaling: { ...LINEAR },
    }));
    expect(() => planGrowth(small!, large!, MASKED)).not.toThrow();
  });

  test("zero columns under LayerNorm, which would see them in its mean", () => {
    const [small, large] = [withEveryParameter(SMALL), withEveryParameter(LARGE)];
    const { message, hint } = failure(() => planGrowth(small, large, { ...MASKED, width: "zero" }));
    expect(message).toContain("from hidden_size 16 to 20");
    expect(hint).toContain("growth.width mask");
    const sameWidth = { ...large, hidden_size: 16 };
    expect(planGrowth(small, sameWidth, { ...MASKED, width: "zero" }).preserving).toBe(true);
  });
});
