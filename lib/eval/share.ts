import { NO_INSTRUCTIONS } from "../native/types.ts";

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
