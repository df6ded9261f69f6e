import type { FlmError } from "../../errors.ts";

export interface WaitOptions {
  /** Longest wait for the other ranks; `timeout_seconds` of the join by default. */
  timeout_seconds?: number;
  /** How many ranks meet, from rank 0 on; all by default. The others do not call. */
  ranks?: number;
}

/**
 * The ranks of one job that have found each other. What they say to each other here is control: a few kilobytes now and
 * then, at most 8 MiB. Values are whatever JSON can hold.
 *
 * Every wait ends with an `FlmError` when a rank is lost (COMM_PEER_LOST), does not come in time (COMM_TIMEOUT), or
 * aborts (its own code): then nothing more can be done with the world but `close` it.
 */
export interface World {
  readonly rank: number;
  readonly world_size: number;
  readonly local_rank: number;
  /** 1 + the highest that any rank has seen on disk: later attempts of a run have higher ones. */
  readonly epoch: number;
  /** The endpoints of all ranks, by rank. */
  readonly roster: readonly unknown[];
  /** The machines of all ranks, by rank. */
  readonly hosts: readonly string[];

  /** The values of the ranks, by rank. All of them must call it; the n-th calls with one key belong together. */
  gather(key: string, value: unknown, options?: WaitOptions): Promise<unknown[]>;
  /** Rank 0's value. All ranks must call it, and wait for each other. */
  broadcast(key: string, value: unknown, options?: WaitOptions): Promise<unknown>;
  /** Until all ranks have come. */
  barrier(key: string, options?: WaitOptions): Promise<void>;

  /** Says that this rank gets on, to be called at least every step. Rank 0 aborts when a rank stops saying so. */
  progress(step: number): void;
  /**
   * Ends the world on all ranks; they get the error with this rank's name before it. It is sent for certain only when
   * `close` has been awaited.
   */
  abort(reason: FlmError | string): void;
  /** Called once, when the world has ended on any rank's account; at once where it already has. */
  onAbort(listener: (reason: FlmError) => void): void;
  /** Leaves. Rank 0 waits for the others to leave too. */
  close(): Promise<void>;
}
