import type { ModelShape } from "../config/shape.ts";
import { parameterTable } from "./parameters.ts";

/** The part of a model that one rank holds and computes. */
export interface RankPart {
  /** What it computes: its heads, its part of the FFN and of the vocabulary. */
  shape: ModelShape;
  /** Values in matrices, embeddings among them; and in norms and biases. */
  matrices: number;
  vectors: number;
  tensor_parallel_size: number;
  sequence_parallel: boolean;
  /** Ranks that share the optimizer's state of the matrices. */
  data_parallel_size: number;
  /** Chunks of the pipeline: layers, and micro-batches whose activations are kept at once. */
  chunks: readonly { layers: number; slots: number }[];
  /** It ends the model: final norm, head and loss. */
  is_last: boolean;
}

/** One rank that has all of it. */
export function wholeModel(shape: ModelShape): RankPart {
  const table = parameterTable(shape).map((info) => ({
    values: info.shape[0] * info.shape[1],
    isVector: info.class === "vector",
  }));
  const sum = (vectors: boolean) =>
    table.reduce((total, { values, isVector }) => total + (isVector === vectors ? values : 0), 0);
  return {
    shape,
    matrices: sum(false),
    vectors: sum(true),
    tensor_parallel_size: 1,
    sequence_parallel: false,
    data_parallel_size: 1,
    chunks: [{ layers: shape.num_layers, slots: 1 }],
    is_last: true,
  };
}
