import { NO_INSTRUCTIONS } from "../native/types.ts";
import { encodeInstructions } from "../parallel/instruction.ts";
import { type Coordinates, type Mesh, rankOf } from "../parallel/mesh.ts";
import { forwardInstructionsOf } from "../parallel/schedule.ts";

/** How ranks share the scoring of one model. A replica of it is one rank, or several that hold it together. */
export interface Share {
  /** Each replica takes rows or items of its own. */
  replicas: number;
  replica: number;
  /** What this rank does with so many micro-batches; empty without a pipeline. */
  instructions(numMicroBatches: number): Int32Array;
}

/** A share whose ranks can tell each other what came of it. */
export interface Team extends Share {
  /** What each replica has, in their order: anything that JSON can hold. All ranks call it. */
  gather<T>(value: T): Promise<T[]>;
}

/** One rank that scores everything. */
export const ALONE: Team = {
  replicas: 1,
  replica: 0,
  instructions: () => NO_INSTRUCTIONS,
  gather: async (value) => [value],
};

/** How the ranks of a mesh share an evaluation. */
export function shareOf(mesh: Mesh, at: Coordinates): Share {
  return {
    replicas: mesh.data_parallel_size,
    replica: at.data,
    instructions: (numMicroBatches) =>
      mesh.pipeline_parallel_size === 1
        ? NO_INSTRUCTIONS
        : encodeInstructions(forwardInstructionsOf(mesh, at.pipeline, numMicroBatches)),
  };
}

/** Of each replica, a rank that sees the losses: one with the head. */
export function speakersOf(mesh: Mesh): number[] {
  const pipeline = mesh.pipeline_parallel_size - 1;
  return Array.from({ length: mesh.data_parallel_size }, (_, data) =>
    rankOf(mesh, { tensor: 0, data, pipeline }),
  );
}
