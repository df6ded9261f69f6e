import type { ModelShape } from "../config/shape.ts";
import type { ParallelConfig, StageConfig } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import { checkShape } from "./shape-check.ts";

/**
 * How a stage's ranks are arranged. Tensor-parallel neighbours are adjacent ranks, because they talk most; then come
 * data-parallel replicas, then pipeline ranks, which talk least:
 * rank = (pipeline * data_parallel_size + data) * tensor_parallel_size + tensor.
 */
export interface Mesh {
  tensor_parallel_size: number;
  pipeline_parallel_size: number;
  data_parallel_size: number;
  /** Chunks of the model on each pipeline rank; above 1 the schedule is interleaved. */
  virtual_pipeline_size: number;
  /** Ranks of the run. Those behind the mesh wait for a stage that uses them. */
  world_size: number;
}

/** A rank's place on each axis of the mesh. */
export interface Coordinates {
  tensor: number;
  data: number;
  pipeline: number;
}

/**
 * The mesh of a stage in a run of `world` ranks. An omitted data-parallel size takes all of them.
 *
 * @throws FlmError CONFIG_INVALID when the shape cannot be split so, or the ranks are too few.
 */
export function meshOf(parallel: ParallelConfig, shape: ModelShape, world: number): Mesh {
  checkShape(parallel, shape);
  const { tensor_parallel_size, pipeline_parallel_size, virtual_pipeline_size } = parallel;
  const data_parallel_size = parallel.data_parallel_size ?? remainingRanks(parallel, world);
  const mesh: Mesh = {
    tensor_parallel_size,
    pipeline_parallel_size,
    data_parallel_size,
    virtual_pipeline_size,
    world_size: world,
  };
  if (ranksOf(mesh) > world)
    throw new FlmError(
      "CONFIG_INVALID",
      `tensor_parallel_size ${tensor_parallel_size} · pipeline_parallel_size ${pipeline_parallel_size} · data_parallel_size ${data_parallel_size} needs ${ranksOf(mesh)} ranks, but the run has ${world}`,
      { hint: `start ${ranksOf(mesh)} ranks or lower one of the three sizes` },
    );
  return mesh;
}

/** world / (tensor · pipeline); a remainder is never left idle unless the config says so. */
function remainingRanks(parallel: ParallelConfig, world: number): number {
  const replica = parallel.tensor_parallel_size * parallel.pipeline_parallel_size;
  const replicas = Math.max(1, Math.floor(world / replica));
  if (replicas * replica < world)
    throw new FlmError(
      "CONFIG_INVALID",
      `data_parallel_size is left out, but the run's ${world} ranks are not a multiple of tensor_parallel_size ${parallel.tensor_parallel_size} · pipeline_parallel_size ${parallel.pipeline_parallel_size} = ${replica}`,
      {
        hint: `start ${replicas * replica} or ${(replicas + 1) * replica} ranks, or let ${world - replicas * replica} wait with data_parallel_size: ${replicas}`,
      },
    );
  return replicas;
}

/** The number of ranks that a run needs when no launcher gives one: the largest stage's. */
export function worldSizeOf(stages: readonly Pick<StageConfig, "parallel">[]): number {
  return Math.max(
    ...stages.map(
      ({ parallel }) =>
        parallel.tensor_parallel_size *
        parallel.pipeline_parallel_size *
        (parallel.data_parallel_size ?? 1),
    ),
  );
}

/** Ranks that take part; the world may have more. */
export function ranksOf(mesh: Mesh): number {
  return mesh.tensor_parallel_size * mesh.pipeline_parallel_size * mesh.data_parallel_size;
}

/** Null for a rank that the stage does not use. */
export function coordinatesOf(mesh: Mesh, rank: number): Coordinates | null {
  if (rank >= ranksOf(mesh)) return null;
  const row = Math.floor(rank / mesh.tensor_parallel_size);
  return {
    tensor: rank % mesh.tensor_parallel_size,
    data: row % mesh.data_parallel_size,
    pipeline: Math.floor(row / mesh.data_parallel_size),
  };
}

export function rankOf(mesh: Mesh, { tensor, data, pipeline }: Coordinates): number {
  return (pipeline * mesh.data_parallel_size + data) * mesh.tensor_parallel_size + tensor;
}

/** Chunk c of pipeline rank p is piece c · pipeline_parallel_size + p of the model. */
export function virtualStageOf(mesh: Mesh, pipelineRank: number, chunk: number): number {
  return chunk * mesh.pipeline_parallel_size + pipelineRank;
}

export function virtualStagesOf(mesh: Mesh): number {
  return mesh.pipeline_parallel_size * mesh.virtual_pipeline_size;
}
