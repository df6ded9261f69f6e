import { shapeSizes } from "./layout.ts";
import type { RankPart } from "./rank-part.ts";

/** cuBLASLt's own, of native/cuda/matmul.cpp. */
const LIBRARY_BYTES = 2 ** 25;
const FLOAT = 4;

/**
 * Scratch of the CUDA op that needs most: a matrix product with the library's workspace and its bias, or the partial sums
 * of gradients that all rows share (native/cuda/{bias,layer_norm,rms_norm,attention}.cu).
 *
 * @param tokens of a micro-batch
 */
export function cudaScratchBytes({ shape }: RankPart, tokens: number): number {
  const { query, key_value, ffn_in } = shapeSizes(shape);
  const widest = shape.bias ? Math.max(query + 2 * key_value, ffn_in, shape.hidden_size) : 0;
  const norms = shape.norm === "layer_norm" ? 2 : 1;
  return Math.max(
    LIBRARY_BYTES + 2 * widest,
    parts(tokens, 64, 128) * widest * FLOAT,
    parts(tokens, 8, 512) * shape.hidden_size * norms * FLOAT,
    tokens * shape.num_attention_heads * FLOAT,
  );
}

/** Pieces that rows are cut into, of at least `least` rows each. */
function parts(rows: number, least: number, most: number): number {
  return Math.min(most, Math.ceil(rows / least));
}
