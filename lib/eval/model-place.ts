import type { StagePlan } from "../growth/stage-plan.ts";
import type { LocalRanks } from "../native/placement.ts";
import type { NativeWorld } from "../native/types.ts";
import { type Coordinates, coordinatesOf, type Mesh } from "../parallel/mesh.ts";
import { checkShape } from "../parallel/shape-check.ts";
import { shareOf, speakersOf, type Team } from "./share.ts";

/** What scoring and writing need of the ranks that do it together. Rank 0 leads. */
export interface ModelRanks {
  readonly rank: number;
  readonly world_size: number;
  /** How their engines reach each other; null for a rank of its own. */
  readonly native: NativeWorld | null;
  /** The values of the first `count` ranks, by rank, or of all; those call it. */
  gather<T>(key: string, value: T, count?: number): Promise<T[]>;
  /** Rank 0's value; all call it. */
  broadcast<T>(key: string, value: T): Promise<T>;
}

/** Over how many ranks one replica of a model is split. */
export interface ModelSplit {
  /** Share every matrix. */
  tensor_parallel_size: number;
  /** Share the layers. */
  pipeline_parallel_size: number;
}

/** Where this process stands among the ranks that use one model. */
export interface ModelPlace {
  ranks: ModelRanks;
  /** Among those of this machine. */
  local: LocalRanks;
  /** Of each replica; the product of its sizes divides the ranks. */
  split: ModelSplit;
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
  split: { tensor_parallel_size: 1, pipeline_parallel_size: 1 },
};

/** @throws FlmError CONFIG_INVALID where the model cannot be split so; the message has both numbers */
export function checkSplit({ config, shape }: StagePlan, split: ModelSplit): void {
  const plain = { virtual_pipeline_size: 1, sequence_parallel: false };
  checkShape({ ...config.parallel, ...plain, ...split }, shape);
}

/** The ranks as replicas of the model, and where in them this process is. */
export function meshOfPlace({ ranks, split }: ModelPlace): { mesh: Mesh; at: Coordinates } {
  const { rank, world_size } = ranks;
  const mesh: Mesh = {
    ...split,
    data_parallel_size: world_size / (split.tensor_parallel_size * split.pipeline_parallel_size),
    virtual_pipeline_size: 1,
    world_size,
  };
  return { mesh, at: coordinatesOf(mesh, rank)! };
}

/** Every replica scores its own items, and one of its ranks speaks for it. */
export function teamOf(place: ModelPlace): Team {
  const { mesh, at } = meshOfPlace(place);
  const speakers = speakersOf(mesh);
  const speaks = speakers.includes(place.ranks.rank);
  return {
    ...shareOf(mesh, at),
    gather: async (value) => {
      // What the others say nobody reads.
      const all = await place.ranks.gather("scores", speaks ? value : null);
      return speakers.map((rank) => all[rank] as typeof value);
    },
  };
}
