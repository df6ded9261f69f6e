import { type ModelShape } from "../../../lib/config/shape.ts";
import type { ParallelConfig } from "../../../lib/config/types.ts";
import type { Mesh } from "../../../lib/parallel/mesh.ts";

/** A shape that many meshes divide: 8 layers of 48 with 12 query heads on 4 KV heads. */
export const SHAPE: ModelShape = {
  num_layers: 8,
  hidden_size: 48,
  num_attention_heads: 12,
  num_kv_heads: 4,
  head_size: 4,
  ffn_hidden_size: 96,
  vocab_size: 257,
  seq_length: 24,
  norm: "rms_norm",
  norm_eps: 1e-5,
  activation: "swiglu",
  position_embedding: "rope",
  rope_theta: 10_000,
  rope_scaling: null,
  bias: false,
  tie_embeddings: false,
};

/** `parallel` of a stage that says nothing about it, but for `keys`. */
export function parallelConfig(keys: Partial<ParallelConfig> = {}): ParallelConfig {
  return {
    tensor_parallel_size: 1,
    pipeline_parallel_size: 1,
    virtual_pipeline_size: 1,
    data_parallel_size: null,
    sequence_parallel: false,
    recompute: "none",
    ...keys,
  };
}

export function pipelineMesh(pipeline: number, virtual = 1): Mesh {
  return {
    tensor_parallel_size: 1,
    pipeline_parallel_size: pipeline,
    data_parallel_size: 1,
    virtual_pipeline_size: virtual,
    world_size: pipeline,
  };
}

export const range = (end: number): number[] => Array.from({ length: end }, (_, i) => i);
