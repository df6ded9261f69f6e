import type { ModelShape } from "../config/shape.ts";

/**
 * What scaled RoPE divides the frequency of each pair of components by; empty where it is not scaled.
 *
 * llama3 (transformers' `modeling_rope_utils`): a pair that turns less than `low_freq_factor` times within the original context
 * is divided by `factor`, one that turns more than `high_freq_factor` times by 1. Between the two the frequency itself, not its
 * divisor, goes over linearly in that number of turns.
 */
export function ropeDivisors({
  rope_scaling: scaling,
  rope_theta,
  head_size,
}: Pick<ModelShape, "rope_scaling" | "rope_theta" | "head_size">): number[] {
  if (scaling === null) return [];
  const { type, factor } = scaling;
  return Array.from({ length: head_size / 2 }, (_, pair) => {
    if (type === "linear") return factor;
    // The config's rules say that llama3 has all three.
    const [low, high] = [scaling.low_freq_factor!, scaling.high_freq_factor!];
    const wavelength = 2 * Math.PI * rope_theta ** ((2 * pair) / head_size);
    const turns = scaling.original_max_position_embeddings! / wavelength;
    if (turns <= low) return factor;
    if (turns >= high) return 1;
    const kept = (turns - low) / (high - low);
    return 1 / ((1 - kept) / factor + kept);
  });
}
