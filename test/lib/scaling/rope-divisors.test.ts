import { expect, test } from "vitest";
import type { RopeScaling } from "../../../lib/config/types.ts";
import { ropeDivisors } from "../../../lib/scaling/rope-divisors.ts";

const NONE = {
  low_freq_factor: null,
  high_freq_factor: null,
  original_max_position_embeddings: null,
};
const LLAMA3: RopeScaling = {
  type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};
/** Of Llama 3.1 and 3.2. */
const ROTATION = { rope_theta: 500_000, head_size: 128 };

test("RoPE that is not scaled has none", () => {
  expect(ropeDivisors({ ...ROTATION, rope_scaling: null })).toEqual([]);
});

test("linear divides all alike", () => {
  const rope_scaling = { type: "linear", factor: 2.5, ...NONE } as const;
  expect(ropeDivisors({ ...ROTATION, head_size: 6, rope_scaling })).toEqual([2.5, 2.5, 2.5]);
});

// Plain frequencies over those that transformers 5.18 computes for such a config, in f32.
test.each([
  [8, [1, 1.20748, 1.55341, 2.02631, 2.69453, 3.68425, 5.25733, 8]],
  [32, [1, 1.23494, 1.65133, 2.27666, 3.29226, 5.1716, 9.66673, 32]],
])("llama3 with factor %d is transformers'", (factor, published) => {
  const divisors = ropeDivisors({ ...ROTATION, rope_scaling: { ...LLAMA3, factor } });
  expect(divisors).toHaveLength(64);
  for (const [i, expected] of published.entries())
    expect(divisors[28 + i]).toBeCloseTo(expected, 4);
  expect(new Set(divisors.slice(0, 29))).toEqual(new Set([1]));
  expect(new Set(divisors.slice(35))).toEqual(new Set([factor]));
});
