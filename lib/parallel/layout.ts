import type { ModelShape } from "../config/shape.ts";
import { parameterTable } from "../scaling/parameters.ts";
import type { Coordinates, Mesh } from "./mesh.ts";
import { partitionLayers } from "./partition.ts";

/** A rectangle of a matrix; a vector is one row. */
export interface Box {
  row_begin: number;
  row_count: number;
  col_begin: number;
  col_count: number;
}

/** What a rank holds of a parameter. Ranks that differ in `data` alone hold the same. */
export interface LocalTensor {
  name: string;
  /** The rank's chunk that reads it. */
  chunk: number;
  box: Box;
  /** Tensor-parallel ranks that hold this same box. */
  replicas: number;
  /** Which of them this rank is; 0 speaks for all, in sums and when saving. */
  replica: number;
  /** A tied embedding in a pipeline: both ends hold it and add up their gradients; the first end speaks for both. */
  shared: boolean;
}

/** A part of an axis that is split over the tensor-parallel ranks, and how many hold the same part. */
interface Part {
  begin: number;
  count: number;
  replicas: number;
}

/**
 * All that the rank holds, in the order of `parameterTable`. q, k, v, gate and up are split by rows, with their biases;
 * attention.out and ffn.down by columns; embedding and head by rows of the vocabulary; the rest is whole on every rank.
 */
export function localTensors(
  shape: ModelShape,
  mesh: Mesh,
  at: Pick<Coordinates, "tensor" | "pipeline">,
): LocalTensor[] {
  const splits = splitsOf(shape, mesh.tensor_parallel_size, at.tensor);
  const chunkOf = chunks(shape, mesh, at.pipeline);
  const isShared = shape.tie_embeddings && mesh.pipeline_parallel_size > 1;
  return parameterTable(shape).flatMap(({ name, shape: [rows, cols] }) => {
    const chunk = chunkOf(name);
    if (chunk === undefined) return [];
    const split = splits[tailOf(name)];
    const rowPart = split?.axis === "rows" ? split.part : { begin: 0, count: rows };
    const colPart = split?.axis === "cols" ? split.part : { begin: 0, count: cols };
    const replicas = split?.part.replicas ?? mesh.tensor_parallel_size;
    return {
      name,
      chunk,
      box: {
        row_begin: rowPart.begin,
        row_count: rowPart.count,
        col_begin: colPart.begin,
        col_count: colPart.count,
      },
      replicas,
      replica: at.tensor % replicas,
      shared: isShared && name === EMBEDDING,
    };
  });
}

const EMBEDDING = "embedding.weight";

/** The chunk of the pipeline rank that reads a parameter; undefined where none does. */
function chunks(
  shape: ModelShape,
  mesh: Mesh,
  pipelineRank: number,
): (name: string) => number | undefined {
  const ranges = partitionLayers(shape, mesh)[pipelineRank]!;
  const first = pipelineRank === 0 ? 0 : undefined;
  const last =
    pipelineRank === mesh.pipeline_parallel_size - 1 ? mesh.virtual_pipeline_size - 1 : undefined;
  return (name) => {
    const layer = /^layers\.(\d+)\./.exec(name)?.[1];
    if (layer !== undefined) {
      const chunk = ranges.findIndex((range) => contains(range, Number(layer)));
      return chunk === -1 ? undefined : chunk;
    }
    if (name === EMBEDDING) return first ?? (shape.tie_embeddings ? last : undefined);
    return name === "position.weight" ? first : last;
  };
}

function contains({ first, count }: { first: number; count: number }, layer: number): boolean {
  return layer >= first && layer < first + count;
}

/** "layers.3.attention.q.weight" → "attention.q.weight". */
function tailOf(name: string): string {
  return name.replace(/^layers\.\d+\./, "");
}

/** The tensors that are split, by the part of their name behind the layer: along which axis, and this rank's part. */
function splitsOf(
  shape: ModelShape,
  size: number,
  rank: number,
): Record<string, { axis: "rows" | "cols"; part: Part }> {
  const { head_size: headSize, num_kv_heads: groups } = shape;
  const vocabulary = vocabularySplit(shape.vocab_size, size, rank);
  const query = evenSplit(shape.num_attention_heads, size, rank, headSize);
  const ffn = evenSplit(shape.ffn_hidden_size, size, rank);
  // Where there are fewer groups than ranks, neighbours hold the same one.
  const sharers = Math.max(1, size / groups);
  const keyValue = {
    ...evenSplit(groups, size / sharers, Math.floor(rank / sharers), headSize),
    replicas: sharers,
  };
  const columnParallel = (stem: string, part: Part) => ({
    [`${stem}.weight`]: { axis: "rows" as const, part },
    [`${stem}.bias`]: { axis: "cols" as const, part },
  });
  return {
    [EMBEDDING]: { axis: "rows", part: vocabulary },
    "head.weight": { axis: "rows", part: vocabulary },
    ...columnParallel("attention.q", query),
    ...columnParallel("attention.k", keyValue),
    ...columnParallel("attention.v", keyValue),
    "attention.out.weight": { axis: "cols", part: query },
    ...columnParallel("ffn.gate", ffn),
    ...columnParallel("ffn.up", ffn),
    "ffn.down.weight": { axis: "cols", part: ffn },
  };
}

/** Part `rank` of `size` equal parts of `units` units of `width` indices. */
function evenSplit(units: number, size: number, rank: number, width = 1): Part {
  const count = (units / size) * width;
  return { begin: rank * count, count, replicas: 1 };
}

/** Blocks of equal size; the last one is shorter where the vocabulary does not divide, and no padding is stored. */
function vocabularySplit(vocab: number, size: number, rank: number): Part {
  const block = Math.ceil(vocab / size);
  const begin = Math.min(rank * block, vocab);
  return { begin, count: Math.min(block, vocab - begin), replicas: 1 };
}
