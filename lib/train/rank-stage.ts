import type { SavePart } from "../checkpoint/plans.ts";
import type { StagePlan } from "../growth/stage-plan.ts";
import { type MeshSpec, ONE_RANK } from "../native/plans.ts";
import { NO_INSTRUCTIONS, PIECE_FIELDS, type TensorInfo } from "../native/types.ts";
import { encodeInstructions, slotCounts } from "../parallel/instruction.ts";
import { localTensors } from "../parallel/layout.ts";
import {
  type Coordinates,
  coordinatesOf,
  type Mesh,
  meshOf,
  rankOf,
  ranksOf,
} from "../parallel/mesh.ts";
import { meshSpecOf } from "../parallel/mesh-spec.ts";
import { numMicroBatchesOf } from "../parallel/micro-batches.ts";
import { instructionsOf } from "../parallel/schedule.ts";

/** What one rank does in a stage. */
export interface RankStage {
  plan: StagePlan;
  mesh: Mesh;
  /** Null where the stage does not use this rank. */
  at: Coordinates | null;
  spec: MeshSpec;
  /** Of this rank, each step. */
  num_micro_batches: number;
  instructions: Int32Array;
}

/** @throws FlmError CONFIG_INVALID where the stage cannot be split over the ranks */
export function rankStageOf(plan: StagePlan, rank: number, world_size: number): RankStage {
  const mesh = meshOf(plan.config.parallel, plan.shape, world_size);
  const at = coordinatesOf(mesh, rank);
  const num_micro_batches = numMicroBatchesOf(mesh, plan.config);
  if (at === null || ranksOf(mesh) === 1)
    return { plan, mesh, at, spec: ONE_RANK, num_micro_batches, instructions: NO_INSTRUCTIONS };
  const list = instructionsOf(mesh, at.pipeline, num_micro_batches);
  return {
    plan,
    mesh,
    at,
    num_micro_batches,
    instructions: encodeInstructions(list),
    spec: {
      ...meshSpecOf(mesh, at, plan.shape),
      sequence_parallel: plan.config.parallel.sequence_parallel,
      slots: slotCounts(list),
    },
  };
}

/** The whole stage in one process, whatever its mesh. */
export function aloneIn(plan: StagePlan): RankStage {
  const mesh = {
    tensor_parallel_size: 1,
    pipeline_parallel_size: 1,
    data_parallel_size: 1,
    virtual_pipeline_size: 1,
    world_size: 1,
  };
  const at = { tensor: 0, data: 0, pipeline: 0 };
  const num_micro_batches = plan.config.global_batch_size / plan.config.micro_batch_size;
  return { plan, mesh, at, spec: ONE_RANK, num_micro_batches, instructions: NO_INSTRUCTIONS };
}

/** Which ranks write which tensors: those of a pipeline rank, by its data-parallel ranks in turn. */
export function savePartsOf({ plan, mesh }: RankStage, tensors: readonly TensorInfo[]): SavePart[] {
  const axis = (size: number) => [...Array(size).keys()];
  return axis(mesh.pipeline_parallel_size).map((pipeline) => {
    const held = localTensors(plan.shape, mesh, { tensor: 0, pipeline });
    const own = held.filter(({ shared }) => !shared || pipeline === 0).map(({ name }) => name);
    return {
      tensors: tensors.filter(({ name }) => own.includes(name)),
      writers: axis(mesh.data_parallel_size).map((data) =>
        rankOf(mesh, { tensor: 0, data, pipeline }),
      ),
    };
  });
}

/** The pieces of rows begin to end - 1, with rows counted from 0. */
export function rowsOf(pieces: Float64Array, begin: number, end: number): Float64Array {
  const kept: number[] = [];
  for (let i = 0; i < pieces.length; i += PIECE_FIELDS) {
    const row = pieces[i]!;
    if (row < begin || row >= end) continue;
    kept.push(row - begin, ...pieces.subarray(i + 1, i + PIECE_FIELDS));
  }
  return Float64Array.from(kept);
}
