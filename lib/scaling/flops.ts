import type { ModelShape } from "../config/shape.ts";
import { parameterTable } from "./parameters.ts";

/**
 * FLOPs that training one token needs in matrix products, from the real shapes: 6 for each
 * parameter in a product (2 forward, 4 backward; the head counts, tied or not, the lookup of
 * embeddings does not) and causal attention, where a token sees half of the sequence on average.
 */
export function modelFlopsPerToken(shape: ModelShape): number {
  const query = shape.num_attention_heads * shape.head_size;
  // Scores and weighted values: 2 products of 2 · query · seq_length / 2 FLOPs, three times over.
  const attention = 6 * shape.num_layers * query * shape.seq_length;
  return 6 * productParameters(shape) + attention;
}

/** Parameters that multiply activations: all matrices of the layers, and the head. */
function productParameters(shape: ModelShape): number {
  const layer = parameterTable({ ...shape, num_layers: 1 })
    .filter((info) => info.class === "matrix" || info.class === "residual_matrix")
    .reduce((sum, { shape: [rows, cols] }) => sum + rows * cols, 0);
  return shape.num_layers * layer + shape.vocab_size * shape.hidden_size;
}

/** The paper's constant: 72 when activations are kept, 96 when all are recomputed. */
const NARAYANAN_FACTORS = { none: 72, full: 96 } as const;

/**
 * FLOPs per token by the rule that FLM-101B's cost table uses (spec: Narayanan et al. 2021, arXiv
 * 2104.04473): k · L · h² · (1 + s / 6h + V / 16Lh). It assumes GPT's 4h FFN and full attention.
 */
export function narayananFlops(
  shape: Pick<ModelShape, "num_layers" | "hidden_size" | "seq_length" | "vocab_size">,
  recompute: keyof typeof NARAYANAN_FACTORS = "none",
): number {
  const { num_layers: L, hidden_size: h, seq_length: s, vocab_size: V } = shape;
  return NARAYANAN_FACTORS[recompute] * L * h ** 2 * (1 + s / (6 * h) + V / (16 * L * h));
}

/**
 * Training FLOPs of a published model whose recomputation is unknown: the midpoint of none and full, which are
 * `half_range` below and above it. This is how FLM-101B's tables give the cost of models other than its own.
 */
export function narayananRange(
  shape: Parameters<typeof narayananFlops>[0],
  tokens: number,
): { flops: number; half_range: number } {
  const least = tokens * narayananFlops(shape, "none");
  const most = tokens * narayananFlops(shape, "full");
  return { flops: (least + most) / 2, half_range: (most - least) / 2 };
}
