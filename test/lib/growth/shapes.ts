import type { ModelShape } from "../../../lib/config/shape.ts";

/** A small Llama-like shape: 2 layers of 16 with 4 query heads on 2 KV heads. */
export const SMALL: ModelShape = {
  num_layers: 2,
  hidden_size: 16,
  num_attention_heads: 4,
  num_kv_heads: 2,
  head_size: 4,
  ffn_hidden_size: 24,
  vocab_size: 10,
  seq_length: 8,
  norm: "rms_norm",
  norm_eps: 1e-5,
  activation: "swiglu",
  position_embedding: "rope",
  rope_theta: 10_000,
  rope_scaling: null,
  bias: false,
  tie_embeddings: true,
};

/** `SMALL`, larger on every axis that growth knows. */
export const LARGE: ModelShape = {
  ...SMALL,
  num_layers: 5,
  hidden_size: 20,
  num_attention_heads: 6,
  num_kv_heads: 3,
  ffn_hidden_size: 32,
};

/** A shape with everything that has a parameter of its own: biases, a position table, an untied head. */
export function withEveryParameter(shape: ModelShape): ModelShape {
  return {
    ...shape,
    norm: "layer_norm",
    position_embedding: "learned",
    bias: true,
    tie_embeddings: false,
  };
}
