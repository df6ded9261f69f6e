import type { ModelShape } from "../config/shape.ts";
import type { ParallelConfig } from "../config/types.ts";
import { parameterTable } from "./parameters.ts";

/** How one growth stage is spread over devices, and the batch that they share. */
export interface Layout extends ParallelConfig {
  data_parallel_size: number;
  micro_batch_size: number;
  global_batch_size: number;
}

/** What a trainer's memory and time depend on beside shapes: the published anchors differ in it. */
export interface Software {
  /** unfused writes the seq_length² scores to memory; flash does not, and skips what causality hides. */
  readonly attention: "flash" | "unfused";
  /** ZeRO-1: each data-parallel rank keeps and updates its share of the optimizer state. */
  readonly shards_optimizer: boolean;
  readonly gradient_bytes: 2 | 4;
  /** Of working weights and activations. */
  readonly compute_bytes: 2 | 4;
  /** Of each of AdamW's two moments. */
  readonly moment_bytes: 2 | 4;
}

/** This package's engine. */
export function ourSoftware(
  precision: "bf16" | "f32",
  state_precision: "bf16" | "f32" = "f32",
): Software {
  return {
    attention: "flash",
    shards_optimizer: true,
    gradient_bytes: 4,
    compute_bytes: precision === "bf16" ? 2 : 4,
    moment_bytes: state_precision === "bf16" ? 2 : 4,
  };
}

export function deviceCount(
  layout: Pick<Layout, "tensor_parallel_size" | "pipeline_parallel_size" | "data_parallel_size">,
): number {
  return layout.tensor_parallel_size * layout.pipeline_parallel_size * layout.data_parallel_size;
}

/** Micro-batches that a pipeline works through in one step. */
export function microBatches(layout: Layout): number {
  return layout.global_batch_size / (layout.data_parallel_size * layout.micro_batch_size);
}

/** Layers of the fullest pipeline rank. */
export function layersPerRank(
  shape: Pick<ModelShape, "num_layers">,
  layout: Pick<Layout, "pipeline_parallel_size">,
): number {
  return Math.ceil(shape.num_layers / layout.pipeline_parallel_size);
}

/** What the cost model needs of a shape, summed once. */
export interface ShapeSizes {
  /** Parameters of one layer, and those of them that are in matrices. */
  readonly layer: number;
  readonly layer_matrices: number;
  /** Embedding or head: vocab_size · hidden_size. */
  readonly vocabulary: number;
  /** A learned position table, else 0. */
  readonly positions: number;
  /** Widths of the queries and of the keys or values. */
  readonly query: number;
  readonly key_value: number;
  /** Columns of the FFN's first product: twice the FFN with a gate. */
  readonly ffn_in: number;
}

export function shapeSizes(shape: ModelShape): ShapeSizes {
  const layer = parameterTable({ ...shape, num_layers: 1 }).filter(({ name }) =>
    name.startsWith("layers."),
  );
  const sum = (table: typeof layer) =>
    table.reduce((total, { shape: [rows, cols] }) => total + rows * cols, 0);
  return {
    layer: sum(layer),
    layer_matrices: sum(layer.filter((info) => info.class !== "vector")),
    vocabulary: shape.vocab_size * shape.hidden_size,
    positions: shape.position_embedding === "learned" ? shape.seq_length * shape.hidden_size : 0,
    query: shape.num_attention_heads * shape.head_size,
    key_value: shape.num_kv_heads * shape.head_size,
    ffn_in: (shape.activation === "swiglu" ? 2 : 1) * shape.ffn_hidden_size,
  };
}

/**
 * Parameters on the device that holds most: its layers, and the embedding or the head. Norms count as split, too; they
 * are a ten-thousandth of a layer.
 */
export function parametersPerDevice(shape: ModelShape, sizes: ShapeSizes, layout: Layout): number {
  const { tensor_parallel_size: t, pipeline_parallel_size: p } = layout;
  const tables = p === 1 && !shape.tie_embeddings ? 2 : 1;
  return (
    (layersPerRank(shape, layout) * sizes.layer + tables * sizes.vocabulary) / t + sizes.positions
  );
}
