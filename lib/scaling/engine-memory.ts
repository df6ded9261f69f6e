import type { ModelShape } from "../config/shape.ts";
import { cudaScratchBytes } from "./cuda-scratch.ts";
import { gemmScratchBytes } from "./gemm-scratch.ts";
import { type Layout, shapeSizes } from "./layout.ts";
import type { Memory } from "./memory.ts";
import type { RankPart } from "./rank-part.ts";

/** What this package's engine allocates depends on, beside the part of the model that the rank has. */
export interface EngineMemoryOptions {
  precision: "bf16" | "f32";
  /** Of AdamW's moments. */
  state_precision: "bf16" | "f32";
  device: "cpu" | "gpu";
  micro_batch_size: number;
  /** Every step has one, and there is no pipeline: what blocks keep then lies in gradients that are written later. */
  one_micro_batch: boolean;
  recompute: Layout["recompute"];
  /** The stage begins with a ramp that mixes new layers with their inputs. */
  mixes_layers: boolean;
  /** CPU threads of the rank: each has its own scratch in attention. */
  threads: number;
}

/** Every activation starts on a boundary of this many bytes, every matrix on one of this many values. */
const ALIGN = 256;
const ALIGN_VALUES = 128;

const STATISTIC = 4; // f32

/**
 * What this package's own engine allocates on a rank, buffer by buffer: it follows what native/model takes from its
 * arena, and what native/engine holds beside it. Published formulas for other trainers are in ./memory.ts.
 */
export function engineMemory(part: RankPart, options: EngineMemoryOptions): Memory {
  const { matrices, vectors } = part;
  const owned = matrices / part.data_parallel_size;
  // The CPU's products read f32 masters, where a rank has all of them.
  const readsMasters = options.device === "cpu" && part.data_parallel_size === 1;
  const logits = logitsBytes(part, options);
  return {
    // Matrices are read by products; under bf16 the f32 masters of those that the rank owns come on top.
    parameters:
      options.precision === "bf16" && !readsMasters
        ? 2 * matrices + 4 * (owned + vectors)
        : 4 * (matrices + vectors),
    gradients: 4 * (matrices + vectors),
    optimizer: 2 * (options.state_precision === "bf16" ? 2 : 4) * (owned + vectors),
    activations: arenaBytes(part, options, logits),
    logits,
    buffers: bufferBytes(part, options),
  };
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGN) * ALIGN;
}

function tokensOf({ shape }: RankPart, { micro_batch_size }: EngineMemoryOptions): number {
  return micro_batch_size * shape.seq_length;
}

/** The most rows of the head's chunks: native/model/head.cpp. */
function chunkRows(part: RankPart, options: EngineMemoryOptions): number {
  const isCpu = options.device === "cpu";
  const [budget, least, most] = isCpu ? [2 ** 25, 256, 1024] : [2 ** 29, 1024, 8192];
  const row = part.shape.vocab_size * computeBytes(options);
  const rows = Math.min(most, Math.max(least, Math.floor(budget / row)));
  return Math.min(rows, tokensOf(part, options));
}

/** One chunk of logits and its softmax statistics of all tensor ranks; all logits at once never exist. */
function logitsBytes(part: RankPart, options: EngineMemoryOptions): number {
  if (!part.is_last) return 0;
  const rows = chunkRows(part, options);
  const statistics = 3 * part.tensor_parallel_size * rows * STATISTIC;
  return align(rows * part.shape.vocab_size * computeBytes(options)) + align(statistics);
}

function computeBytes({ precision }: EngineMemoryOptions): number {
  return precision === "bf16" ? 2 : 4;
}

/** The arena's peak without the chunk of logits. */
function arenaBytes(part: RankPart, options: EngineMemoryOptions, logits: number): number {
  const { shape } = part;
  const { query, key_value, ffn_in } = shapeSizes(shape);
  const { hidden_size: hidden, ffn_hidden_size: ffn } = shape;
  const tokens = tokensOf(part, options);
  // With sequence parallelism the residual stream and the norms have a share of the rows.
  const rows = part.sequence_parallel ? tokens / part.tensor_parallel_size : tokens;
  const wide = (columns: number) => align(tokens * columns * computeBytes(options));
  const residual = align(rows * hidden * computeBytes(options));
  // What is gathered from the other ranks' rows, or summed before it is scattered to them.
  const allRows = part.sequence_parallel ? wide(hidden) : 0;
  const qkv = query + 2 * key_value;

  const norm = residual + align(rows * STATISTIC) * (shape.norm === "layer_norm" ? 2 : 1);
  const logSums = align(tokens * shape.num_attention_heads * STATISTIC);
  const attention = wide(qkv) + logSums + wide(query);
  const block = 2 * norm + attention + residual + wide(ffn_in) + wide(ffn);

  // What the activation function makes is made again beside its gradient. Selective keeps nothing that norms make.
  const keptAtMost = block - wide(ffn);
  const keptOfBlock = {
    none: keptAtMost,
    selective: keptAtMost - 2 * residual,
    full: 0,
  }[options.recompute];
  // The chunk's input, the gradient that flows back, every layer's output and what it keeps.
  const keptOfLayer = residual + keptOfBlock;
  const kept = part.chunks.reduce(
    (sum, { layers, slots }) => sum + slots * (2 * residual + layers * keptOfLayer),
    0,
  );
  const lent = options.one_micro_batch ? layersInGradients(part, keptOfLayer) * keptOfLayer : 0;
  const ffnGradients = 2 * wide(ffn) + (shape.activation === "swiglu" ? wide(ffn_in) : 0);
  const gradients =
    (options.mixes_layers ? 3 : 2) * residual + Math.max(ffnGradients, wide(query) + wide(qkv));
  const backward = gradients + 2 * allRows + (keptAtMost - keptOfBlock);
  const head = part.is_last ? norm + residual + 2 * allRows : 0;
  // The head and the backward pass of the layers use the same memory, one after the other; evaluation, which keeps
  // nothing, uses all of a block's at once.
  const training = kept - lent + Math.max(backward - logits, head);
  return Math.max(training, 2 * residual + block - logits);
}

/**
 * Layers of the one chunk whose activations lie where gradients are written later: ParameterStore::lend_gradients and
 * take_chunk of native/model/decoder.cpp.
 */
function layersInGradients({ shape, data_parallel_size }: RankPart, keptOfLayer: number): number {
  const { hidden_size: hidden, ffn_hidden_size: ffn, vocab_size, seq_length } = shape;
  const { query, key_value, ffn_in } = shapeSizes(shape);
  const padded = (values: number, to = ALIGN_VALUES) => Math.ceil(values / to) * to;
  const bucket = (...matrices: number[]) => {
    const values = matrices.reduce((sum, each) => sum + padded(each), 0);
    return 4 * padded(values, ALIGN_VALUES * data_parallel_size);
  };
  const positions = shape.position_embedding === "learned" ? seq_length * hidden : 0;
  const tables = shape.tie_embeddings ? 0 : bucket(vocab_size * hidden, positions);
  const qkv = query + 2 * key_value;
  const ofLayer = bucket(qkv * hidden, query * hidden, ffn_in * hidden, ffn * hidden);
  let count = 0;
  for (let layer = 0; layer < shape.num_layers; layer++)
    if ((count + 1) * keptOfLayer <= tables + layer * ofLayer) count++;
  return count;
}

/** Uploaded tokens, rotary tables, losses, and the scratch of the op that needs most. */
function bufferBytes(part: RankPart, options: EngineMemoryOptions): number {
  const { shape } = part;
  const tokens = tokensOf(part, options);
  const tables = { learned: 0, rope: 2, xpos: 3 }[shape.position_embedding];
  const rotary = tables * shape.seq_length * (shape.head_size / 2) * STATISTIC;
  // While a GPU works with one micro-batch, the next one is on its way.
  const upload = 11 * align(tokens * 4) * (options.device === "gpu" ? 2 : 1);
  const losses = tokens * STATISTIC;
  const scratch =
    options.device === "cpu"
      ? Math.max(
          gemmScratchBytes(
            part,
            { tokens, head: chunkRows(part, options) },
            options.precision,
            options.threads,
          ),
          options.threads * attentionScratchBytes(shape, options.precision),
        )
      : cudaScratchBytes(part, tokens);
  return rotary + upload + losses + scratch;
}

/** One thread's tiles and the gradients of one head's keys and values: native/cpu/attention_backward.cpp. */
function attentionScratchBytes(
  { seq_length, head_size }: ModelShape,
  precision: "bf16" | "f32",
): number {
  const [tile, keys, panelColumns] = [192, 96, 48];
  // Operands of products hold two narrow numbers in a unit; scores are kept in f32 and as three narrow operands.
  const steps = precision === "bf16" ? 2 : 1;
  const rows = tile * Math.ceil(head_size / steps);
  const panels = Math.ceil(head_size / panelColumns) * (tile / steps) * panelColumns;
  const squares = (precision === "bf16" ? 3.5 : 2) * tile * keys;
  const columns = Math.ceil(head_size / 16) * 16;
  return (4 * rows + 3 * panels + squares + tile + (tile + 2 * seq_length) * columns) * 4;
}
