import type { StagePlan } from "../growth/stage-plan.ts";
import type { LocalRanks } from "../native/placement.ts";
import { type MeshSpec, ONE_RANK } from "../native/plans.ts";
import type { NativeWorld } from "../native/types.ts";
import { checkShape } from "../parallel/shape-check.ts";
import { ALONE, type Team } from "./share.ts";

/** What scoring and writing need of the ranks that do it together. Rank 0 leads. */
export interface ModelRanks {
  readonly rank: number;
  readonly world_size: number;
  /** How their engines reach each other; null for a rank of its own. */
  readonly native: NativeWorld | null;
  /** The values of all ranks, by rank; all call it. */
  gather<T>(key: string, value: T): Promise<T[]>;
  /** Rank 0's value; all call it. */
  broadcast<T>(key: string, value: T): Promise<T>;
}

/** Where this process stands among the ranks that use one model. */
export interface ModelPlace {
  ranks: ModelRanks;
  /** Among those of this machine. */
  local: LocalRanks;
  /** Neighbouring ranks that share every matrix, and so hold a replica of the model. It divides the ranks. */
  tensor_parallel_size: number;
}

/** A process that uses a model by itself. */
export const ONE_PROCESS: ModelPlace = {
  ranks: {
    rank: 0,
    world_size: 1,
    native: null,
    gather: async (_, value) => [value],
    broadcast: async (_, value) => value,
  },
  local: { local_rank: 0, local_world_size: 1 },
  tensor_parallel_size: 1,
};

/** @throws FlmError CONFIG_INVALID where the model cannot be split so; the message has both numbers */
export function checkSplit({ config, shape }: StagePlan, tensor_parallel_size: number): void {
  const whole = { pipeline_parallel_size: 1, virtual_pipeline_size: 1, sequence_parallel: false };
  checkShape({ ...config.parallel, ...whole, tensor_parallel_size }, shape);
}

/** The part of the model that this process holds. */
export function meshSpecOf({ ranks, tensor_parallel_size }: ModelPlace): MeshSpec {
  return {
    ...ONE_RANK,
    tensor_parallel_size,
    data_parallel_size: ranks.world_size / tensor_parallel_size,
    tensor_rank: ranks.rank % tensor_parallel_size,
    data_rank: Math.floor(ranks.rank / tensor_parallel_size),
  };
}

/** Every replica scores its own items, and its first rank speaks for it. */
export function teamOf(place: ModelPlace): Team {
  const { data_parallel_size, data_rank, tensor_parallel_size } = meshSpecOf(place);
  return {
    ...ALONE,
    replicas: data_parallel_size,
    replica: data_rank,
    gather: async (value) => {
      const all = await place.ranks.gather("scores", value);
      return all.filter((_, rank) => rank % tensor_parallel_size === 0);
    },
  };
}
