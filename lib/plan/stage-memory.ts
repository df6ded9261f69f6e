import { availableParallelism } from "node:os";
import type { StagePlan } from "../growth/stage-plan.ts";
import { type Mesh, meshOf, ranksOf } from "../parallel/mesh.ts";
import { numMicroBatchesOf } from "../parallel/micro-batches.ts";
import { rankParts } from "../parallel/rank-parts.ts";
import { engineMemory } from "../scaling/engine-memory.ts";
import { type Memory, totalBytes } from "../scaling/memory.ts";
import { wholeModel } from "../scaling/rank-part.ts";

/** Of the machine and the run, what a stage's memory depends on. */
export interface MemorySite {
  device: "cpu" | "gpu";
  precision: "bf16" | "f32";
  /** Of AdamW's moments. */
  state_precision: "bf16" | "f32";
  /** Ranks of the run. */
  world: number;
}

/** A stage as far as its memory goes. */
export type SizedStage = Pick<StagePlan, "shape" | "config" | "masks">;

/**
 * What the engine allocates on the fullest rank.
 *
 * @throws FlmError CONFIG_INVALID for a layout that does not divide the stage evenly
 */
export function stageMemory({ shape, config, masks }: SizedStage, site: MemorySite): Memory {
  const { micro_batch_size, parallel } = config;
  const mesh: Mesh = meshOf(parallel, shape, site.world);
  const { sequence_parallel, recompute } = parallel;
  const numMicroBatches = numMicroBatchesOf(mesh, config);
  const isAlone = ranksOf(mesh) === 1;
  const parts = isAlone
    ? [wholeModel(shape)]
    : rankParts(shape, mesh, { sequence_parallel, numMicroBatches });
  const cores = availableParallelism();
  const memories = parts.map((part) =>
    engineMemory(part, {
      precision: site.precision,
      state_precision: site.state_precision,
      device: site.device,
      micro_batch_size,
      one_micro_batch: numMicroBatches === 1 && mesh.pipeline_parallel_size === 1,
      recompute,
      mixes_layers: masks.layers.length > 0,
      threads: isAlone ? cores : Math.max(1, Math.floor(cores / ranksOf(mesh))),
    }),
  );
  return memories.reduce((most, one) => (totalBytes(one) > totalBytes(most) ? one : most));
}
