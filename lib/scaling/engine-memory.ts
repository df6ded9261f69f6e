import type { ModelShape } from "../config/shape.ts";
import { gemmScratchBytes } from "./gemm-scratch.ts";
import type { Layout, ShapeSizes } from "./layout.ts";
import type { Memory } from "./memory.ts";
import { countParameters } from "./parameters.ts";

/** What this package's engine allocates depends on, beside the model. */
export interface EngineMemoryOptions {
  precision: "bf16" | "f32";
  device: "cpu" | "gpu";
  micro_batch_size: number;
  recompute: Layout["recompute"];
  /** The stage begins with a ramp that mixes new layers with their inputs. */
  mixes_layers: boolean;
  /** CPU threads: each has its own scratch in attention. */
  threads: number;
}

/** Every activation starts on a boundary of this many bytes. */
const ALIGN = 256;

const STATISTIC = 4; // f32

/**
 * What this package's own engine allocates on one device, buffer by buffer: it follows what native/model takes from its
 * arena, and what native/engine holds beside it. Published formulas for other trainers are in ./memory.ts.
 */
export function engineMemory(
  shape: ModelShape,
  sizes: ShapeSizes,
  options: EngineMemoryOptions,
): Memory {
  const narrow = options.precision === "bf16";
  const parameters = countParameters(shape);
  const logits = logitsBytes(shape, options);
  return {
    // The f32 master is the parameter, and a bf16 copy what products read.
    parameters: parameters * (narrow ? 6 : 4),
    gradients: parameters * 4,
    optimizer: parameters * 8,
    activations: arenaBytes(shape, sizes, options, logits),
    logits,
    buffers: bufferBytes(shape, sizes, options),
  };
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGN) * ALIGN;
}

/** Rows of the head's chunks: native/model/head.cpp. */
function chunkRows(shape: ModelShape, { device, micro_batch_size }: EngineMemoryOptions): number {
  const [budget, least, most] = device === "cpu" ? [2 ** 24, 128, 1024] : [2 ** 28, 1024, 8192];
  const rows = Math.min(most, Math.max(least, Math.floor(budget / shape.vocab_size)));
  return Math.min(rows, micro_batch_size * shape.seq_length);
}

/** One chunk of logits and its softmax statistics; all logits at once never exist. */
function logitsBytes(shape: ModelShape, options: EngineMemoryOptions): number {
  const rows = chunkRows(shape, options);
  return align(rows * shape.vocab_size * computeBytes(options)) + align(3 * rows * STATISTIC);
}

function computeBytes({ precision }: EngineMemoryOptions): number {
  return precision === "bf16" ? 2 : 4;
}

/** The arena's peak without the chunk of logits. */
function arenaBytes(
  shape: ModelShape,
  { query, key_value, ffn_in }: ShapeSizes,
  options: EngineMemoryOptions,
  logits: number,
): number {
  const tokens = options.micro_batch_size * shape.seq_length;
  const wide = (columns: number) => align(tokens * columns * computeBytes(options));
  const statistic = (columns: number) => align(tokens * columns * STATISTIC);
  const { hidden_size: hidden, ffn_hidden_size: ffn, num_layers } = shape;
  const qkv = query + 2 * key_value;
  const residual = wide(hidden);

  const norm = residual + statistic(1) * (shape.norm === "layer_norm" ? 2 : 1);
  const attention = wide(qkv) + statistic(shape.num_attention_heads) + wide(query);
  const block = 2 * norm + attention + residual + wide(ffn_in) + wide(ffn);

  // Selective keeps all but what the norms and the activation function make.
  const keptOfBlock = {
    none: block,
    selective: block - 2 * residual - wide(ffn),
    full: 0,
  }[options.recompute];
  // Every layer's input and the last one's output, what layers keep, and the gradient that flows back.
  const kept = (num_layers + 1) * residual + num_layers * keptOfBlock + residual;
  const ffnGradients = wide(ffn) + (shape.activation === "swiglu" ? wide(ffn_in) : 0);
  const gradients =
    (options.mixes_layers ? 3 : 2) * residual + Math.max(ffnGradients, wide(query) + wide(qkv));
  const backward = gradients + (block - keptOfBlock);
  const head = norm + residual;
  // The head and the backward pass of the layers use the same memory, one after the other.
  return kept + Math.max(backward - logits, head);
}

/** Uploaded tokens, rotary tables, losses, and the scratch of the op that needs most. */
function bufferBytes(shape: ModelShape, sizes: ShapeSizes, options: EngineMemoryOptions): number {
  const tokens = options.micro_batch_size * shape.seq_length;
  const tables = { learned: 0, rope: 2, xpos: 3 }[shape.position_embedding];
  const rotary = tables * shape.seq_length * (shape.head_size / 2) * STATISTIC;
  const upload = 11 * align(tokens * 4);
  const losses = tokens * STATISTIC;
  const scratch =
    options.device === "cpu"
      ? Math.max(
          gemmScratchBytes(shape, sizes, tokens, options.precision),
          options.threads * attentionScratchBytes(shape),
        )
      : 0;
  return rotary + upload + losses + scratch;
}

/** One thread's tiles and the gradients of one head's keys and values: native/cpu/attention_backward.cpp. */
function attentionScratchBytes({ seq_length, head_size }: ModelShape): number {
  const tile = 192;
  const columns = Math.ceil(head_size / 16) * 16;
  return (8 * tile * columns + 2 * tile * tile + 2 * seq_length * columns) * 4;
}
