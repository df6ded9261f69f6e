import type { ModelShape } from "../config/shape.ts";
import type { MeshSpec } from "../native/plans.ts";
import type { Coordinates, Mesh } from "./mesh.ts";
import { partitionLayers } from "./partition.ts";

/** A rank's part of a model that only reads: with one memory of activations a chunk, and every row on all ranks. */
export function meshSpecOf(mesh: Mesh, at: Coordinates, shape: ModelShape): MeshSpec {
  return {
    tensor_parallel_size: mesh.tensor_parallel_size,
    data_parallel_size: mesh.data_parallel_size,
    pipeline_parallel_size: mesh.pipeline_parallel_size,
    tensor_rank: at.tensor,
    data_rank: at.data,
    pipeline_rank: at.pipeline,
    sequence_parallel: false,
    chunks: partitionLayers(shape, mesh)[at.pipeline]!,
    slots: [],
  };
}
