/**
 * What TypeScript decides and C++ does, as plain data. Mirrors native/engine/spec.h field by field;
 * lib/native/encode.ts gives it the binary form that crosses.
 */

export interface ModelShape {
  num_layers: number;
  hidden_size: number;
  num_attention_heads: number;
  num_kv_heads: number;
  head_size: number;
  ffn_hidden_size: number;
  vocab_size: number;
  seq_length: number;
  norm: "rms_norm" | "layer_norm";
  activation: "swiglu" | "gelu";
  position: "rope" | "xpos" | "learned";
  /** q, k, v, out, gate, up and down have biases (LayerNorm always has one). */
  bias: boolean;
  /** The head reads embedding.weight. */
  tie_embeddings: boolean;
  norm_eps: number;
  rope_theta: number;
  /** What the frequency of each pair is divided by (head_size / 2), where RoPE is scaled; empty: 1. */
  rope_divisors: readonly number[];
  /** Multiplies the token embedding. */
  input_mult: number;
  /** Multiplies the logits: muP's output_mult * base / hidden, else 1. */
  logit_mult: number;
  /** Of q k^T, usually 1 / sqrt(head_size). */
  attention_scale: number;
  /** Multiplies the gradient that reaches the embedding from the blocks; that of a tied head is left alone. */
  embedding_grad_mult: number;
}

/** One parameter tensor: matrices are [out, in], vectors are [1, n]. */
export interface ParameterSpec {
  name: string;
  rows: number;
  cols: number;
  /** muP: multiplies the step's learning rate. */
  lr_mult: number;
  /** Decoupled. */
  weight_decay: number;
}

/** Which indices a growth event added: 1 = new, 0 = inherited. Empty: that axis has no ramp. */
export interface GrowthMasks {
  hidden: Uint8Array;
  ffn: Uint8Array;
  heads: Uint8Array;
  kv_heads: Uint8Array;
  layers: Uint8Array;
}

/**
 * This rank's place among those that train one model together, and its part of the model. World rank =
 * (pipeline_rank * data_parallel_size + data_rank) * tensor_parallel_size + tensor_rank.
 */
export interface MeshSpec {
  tensor_parallel_size: number;
  data_parallel_size: number;
  pipeline_parallel_size: number;
  tensor_rank: number;
  data_rank: number;
  pipeline_rank: number;
  sequence_parallel: boolean;
  /** Layers of each chunk of this rank; empty: one chunk, all layers. */
  chunks: readonly { first: number; count: number }[];
  /** Of each chunk: micro-batches whose activations are kept at once; empty: 1 each. */
  slots: readonly number[];
}

/** One rank that holds the whole model. */
export const ONE_RANK: MeshSpec = {
  tensor_parallel_size: 1,
  data_parallel_size: 1,
  pipeline_parallel_size: 1,
  tensor_rank: 0,
  data_rank: 0,
  pipeline_rank: 0,
  sequence_parallel: false,
  chunks: [],
  slots: [],
};

export interface EngineSpec {
  device: "cpu" | "cuda";
  device_index: number;
  /** CPU threads, 0 = all. */
  num_threads: number;
  /** f64 belongs to the test oracle; no shipped backend computes in it. */
  precision: "f32" | "bf16" | "f64";
  /** The matrices of products are held in int8, with a scale for 64 neighbours: for inference, on the CPU. */
  int8_weights: boolean;
  shape: ModelShape;
  micro_batch_size: number;
  /** Every step has one: gradients, which are then written once, lend their memory to activations before that. */
  one_micro_batch: boolean;
  recompute: "none" | "selective" | "full";
  adam_beta1: number;
  adam_beta2: number;
  adam_eps: number;
  /** Largest gradient norm, 0 = off. */
  clip_grad: number;
  /** Of AdamW's moments. */
  state_precision: "f32" | "bf16";
  /** false: no gradients and no optimizer state (evaluate, generate). */
  trainable: boolean;
  parameters: readonly ParameterSpec[];
  masks: GrowthMasks;
  mesh: MeshSpec;
}

export type StateKind = "master" | "exp_avg" | "exp_avg_sq";

/**
 * destination[r, c] = scale * source[row_map[r], col_map[c]], or the fill where a map says -1 or there
 * is no source. Normal fills are fill_value * Philox(seed, tensor, r * cols + c).
 */
export interface Move {
  /** Destination parameter. */
  tensor: string;
  kind: StateKind;
  /** Index into `LoadPlan.files`, or -1: no source. */
  file: number;
  /** Byte of the source tensor's first element in that file. */
  offset: number;
  /** Of the source. */
  dtype: "f32" | "bf16" | "f64";
  source_rows: number;
  source_cols: number;
  /** Index into `LoadPlan.maps`, or -1: identity. */
  row_map: number;
  col_map: number;
  scale: number;
  fill: "constant" | "normal";
  /** The constant, or the standard deviation. */
  fill_value: number;
}

export interface LoadPlan {
  /** A safe integer from 0 on. */
  seed: number;
  files: readonly string[];
  /** New index -> old index, -1 = new; in a row map also -2 - k = the mean of the rows `means[k]`. */
  maps: readonly Int32Array[];
  /** Rows of a source, at least one. */
  means: readonly Int32Array[];
  /** One per master; moments without a move start at zero. */
  moves: readonly Move[];
  /** Optimizer steps that a tensor's moments have seen; tensors that are not named start at 0. */
  steps: readonly { tensor: string; step: number }[];
}

export interface SaveFile {
  path: string;
  /** Written first, as it is: the safetensors length and header. */
  header: Uint8Array;
  /** Then these, one after another, row-major. */
  items: readonly { tensor: string; kind: StateKind }[];
  /** World rank that writes it; all items are held in that rank's pipeline stage. */
  writer: number;
}

export interface SavePlan {
  files: readonly SaveFile[];
}
