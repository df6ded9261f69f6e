import type { ModelShape } from "../../../lib/config/shape.ts";
import type { Layout } from "../../../lib/scaling/layout.ts";

/** Published measurements that the cost model is fitted to or checked against. Vocabulary padded as they did. */

/** A GPT: 4h FFN, as many key/value heads as queries, biases, a tied head. */
export function gpt(
  num_layers: number,
  heads: number,
  hidden_size: number,
  vocab_size = 51_200,
  seq_length = 2048,
): ModelShape {
  return {
    num_layers,
    hidden_size,
    num_attention_heads: heads,
    num_kv_heads: heads,
    head_size: hidden_size / heads,
    ffn_hidden_size: 4 * hidden_size,
    vocab_size,
    seq_length,
    norm: "layer_norm",
    norm_eps: 1e-5,
    activation: "gelu",
    position_embedding: "xpos",
    rope_theta: 10_000,
    rope_scaling: null,
    bias: true,
    tie_embeddings: true,
  };
}

export function layout(
  tensor: number,
  pipeline: number,
  data: number,
  batch: number,
  micro: number,
  rest: Partial<Layout> = {},
): Layout {
  return {
    tensor_parallel_size: tensor,
    pipeline_parallel_size: pipeline,
    data_parallel_size: data,
    global_batch_size: batch,
    micro_batch_size: micro,
    virtual_pipeline_size: 1,
    sequence_parallel: true,
    recompute: "none",
    ...rest,
  };
}

/**
 * Korthikanti et al. 2022, arXiv 2205.05198, table 5 and the memory figure. Seconds of a step with full recomputation,
 * and with sequence parallelism and selective recomputation; GiB of activations without either, and with both.
 */
export const KORTHIKANTI = [
  {
    name: "22B",
    shape: gpt(48, 64, 6144),
    layout: layout(8, 1, 1, 4, 4),
    seconds: { full: 1.42, selective: 1.1 },
    activation_gib: { none: 59.25, selective: 9.5625 },
  },
  {
    name: "175B",
    shape: gpt(96, 96, 12_288),
    layout: layout(8, 8, 1, 64, 1, { virtual_pipeline_size: 3 }),
    seconds: { full: 18.13, selective: 13.75 },
    activation_gib: { none: 66.84375, selective: 12.3515625 },
  },
  {
    name: "530B",
    shape: gpt(105, 128, 20_480),
    layout: layout(8, 35, 1, 280, 1, { virtual_pipeline_size: 3 }),
    seconds: { full: 49.05, selective: 37.83 },
    activation_gib: { none: 114.0234375, selective: 23.076171875 },
  },
  {
    name: "1T",
    shape: gpt(128, 160, 25_600),
    layout: layout(8, 64, 1, 512, 1),
    seconds: { full: 94.42, selective: 71.49 },
    activation_gib: { none: 131.25, selective: 26.5625 },
  },
] as const;

/** Narayanan et al. 2021, arXiv 2104.04473, table 1 from 18.4 B up: TFLOP/s per GPU, recomputation counted. */
export const NARAYANAN = [
  { shape: gpt(40, 48, 6144), layout: layout(8, 1, 32, 1024, 8), tflops: 135 },
  { shape: gpt(48, 64, 8192), layout: layout(8, 2, 32, 1536, 4), tflops: 138 },
  { shape: gpt(60, 80, 10_240), layout: layout(8, 4, 32, 1792, 2), tflops: 140 },
  { shape: gpt(80, 96, 12_288), layout: layout(8, 8, 24, 2304, 1), tflops: 148 },
  { shape: gpt(96, 128, 16_384), layout: layout(8, 16, 15, 2160, 1), tflops: 155 },
  { shape: gpt(105, 128, 20_480), layout: layout(8, 35, 9, 2520, 1), tflops: 163 },
  { shape: gpt(128, 160, 25_600), layout: layout(8, 64, 6, 3072, 1), tflops: 163 },
] as const;

/** MegaScale, arXiv 2402.15627, table 2: step times of its Megatron-LM baseline, 175 B, 64,000 tokens of vocabulary. */
export const MEGASCALE_BASELINE = [
  [256, 768, 40.0],
  [512, 768, 21.2],
  [768, 768, 15.2],
  [1024, 768, 11.9],
  [3072, 6144, 29.02],
  [6144, 6144, 14.78],
  [8192, 6144, 12.24],
  [12_288, 6144, 8.57],
] as const;
