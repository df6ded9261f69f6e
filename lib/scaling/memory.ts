import type { ModelShape } from "../config/shape.ts";
import {
  type Layout,
  layersPerRank,
  microBatches,
  parametersPerDevice,
  type ShapeSizes,
  type Software,
} from "./layout.ts";

/** Bytes on the fullest device. */
export interface Memory {
  parameters: number;
  gradients: number;
  optimizer: number;
  activations: number;
  logits: number;
  /** Token uploads, rotary tables, losses and scratch. */
  buffers: number;
}

/** Whole bytes: shares of a state are not always whole. */
export function totalBytes(memory: Memory): number {
  const { parameters, gradients, optimizer, activations, logits, buffers } = memory;
  return Math.ceil(parameters + gradients + optimizer + activations + logits + buffers);
}

/**
 * Memory by the published formulas (spec: Korthikanti et al. 2022, arXiv 2205.05198, for activations; ZeRO-1, Rajbhandari
 * et al. 2019, arXiv 1910.02054, for the state), as the large runs they describe used it. What this package's own engine
 * allocates on one device is in ./engine-memory.ts.
 */
export function publishedMemory(
  shape: ModelShape,
  sizes: ShapeSizes,
  layout: Layout,
  software: Software,
): Memory {
  const parameters = parametersPerDevice(shape, sizes, layout);
  const shards = software.shards_optimizer ? layout.data_parallel_size : 1;
  // Two moments, and an f32 master where the working copy is not one.
  const stateBytes = 2 * software.moment_bytes + (software.compute_bytes === 2 ? 4 : 0);
  const tokens = layout.micro_batch_size * shape.seq_length;
  return {
    parameters: parameters * software.compute_bytes,
    gradients: parameters * software.gradient_bytes,
    optimizer: (parameters * stateBytes) / shards,
    activations: activationBytes(shape, sizes, layout, software),
    // Logits in the compute type and their f32 softmax.
    logits:
      (tokens * shape.vocab_size * (software.compute_bytes + 4)) / layout.tensor_parallel_size,
    buffers: 0,
  };
}

/** Of the first pipeline rank, which keeps the most micro-batches in flight. */
export function activationBytes(
  shape: ModelShape,
  sizes: ShapeSizes,
  layout: Layout,
  software: Software,
): number {
  const { pipeline_parallel_size: p, virtual_pipeline_size: v } = layout;
  const layer = layerActivationBytes(shape, sizes, layout, software);
  const inFlight = Math.min(p, microBatches(layout));
  const interleaving = v > 1 ? 1 + (p - 1) / (p * v) : 1;
  const kept = layersPerRank(shape, layout) * inFlight * interleaving * layer;
  if (layout.recompute !== "full") return kept;
  const recomputed = { ...layout, recompute: "none" } as const;
  return kept + layerActivationBytes(shape, sizes, recomputed, software);
}

/**
 * Bytes that one layer keeps for one micro-batch. With GPT's shape: tokens · hidden · (34 + 5 · heads · seq / hidden) / t
 * with sequence parallelism, 10 of the 34 undivided without it. Includes a dropout mask after attention and FFN, as the
 * formula does, though this package has no dropout.
 */
function layerActivationBytes(
  shape: ModelShape,
  { query, ffn_in }: ShapeSizes,
  layout: Layout,
  { attention, compute_bytes }: Software,
): number {
  const { hidden_size: hidden, seq_length, num_attention_heads: heads } = shape;
  const { tensor_parallel_size: t, sequence_parallel, recompute } = layout;
  const tokens = layout.micro_batch_size * seq_length;
  const whole = sequence_parallel ? t : 1;
  if (recompute === "full") return (tokens * compute_bytes * hidden) / whole;
  // The inputs of both norms and of both blocks; a byte each for two dropout masks.
  const replicated = 4 * compute_bytes * hidden + 2 * hidden;
  const split = compute_bytes * (2 * query + ffn_in + shape.ffn_hidden_size);
  // Ranks hold a whole KV head each where there are more ranks than heads.
  const keyValue = shape.head_size * Math.max(1, shape.num_kv_heads / t);
  // Scores, their softmax's dropout and its mask.
  const keepsScores = attention === "unfused" && recompute === "none";
  const scores = keepsScores ? (2 * compute_bytes + 1) * heads * seq_length : 0;
  return tokens * (replicated / whole + (split + scores) / t + 2 * compute_bytes * keyValue);
}
