import type { ModelShape } from "../config/shape.ts";

/**
 * Why `size` tensor-parallel ranks would not hold equal parts of a model; null when they do.
 *
 * @param sequence_parallel also splits the rows of activations
 */
export function tensorMisfit(
  shape: ModelShape,
  size: number,
  sequence_parallel: boolean,
): string | null {
  const dimensions = ["num_attention_heads", "ffn_hidden_size", "hidden_size"] as const;
  for (const key of sequence_parallel ? [...dimensions, "seq_length" as const] : dimensions)
    if (shape[key] % size !== 0)
      return `does not divide ${key} ${shape[key]}${key === "seq_length" ? ", as sequence_parallel needs" : ""}`;
  const groups = shape.num_kv_heads;
  // With fewer groups than ranks, neighbours hold the same group.
  if (groups % size !== 0 && size % groups !== 0)
    return `neither divides num_kv_heads ${groups} nor is a multiple of it`;
  if (Math.ceil(shape.vocab_size / size) * (size - 1) >= shape.vocab_size)
    return `leaves its last rank none of the vocab_size ${shape.vocab_size} rows`;
  return null;
}
