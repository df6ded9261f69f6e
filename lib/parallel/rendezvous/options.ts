import type { Launch } from "../launch/detect.ts";

export interface JoinOptions {
  /** Where this process stands, by `detectLaunch`. */
  launch: Launch;
  /** A hash of what has to be equal on all ranks. */
  config_hash: string;
  /** The highest epoch that this rank finds on disk; 0 where there is none. */
  seen_epoch: number;
  /** Where this rank's communicator listens: anything that JSON can hold. */
  endpoint: unknown;
  /** `distributed.secret_file`; FLM_SECRET_FILE where it is null. */
  secret_file: string | null;
  /** `distributed.timeout_seconds`: the longest wait for another rank, also for all to join. */
  timeout_seconds: number;
  /** Rank 0: a descriptor that listens at the store's address already, and is closed with the world. */
  store_socket?: number | null;
  /** How long a rank may live without a call of `progress`; `timeout_seconds` by default. */
  watchdog_seconds?: number;
  /** Name of this machine in messages. */
  host?: string;
  /** What rank 0 has to tell its user: strangers at the door, ranks that came too late. */
  onWarning?(message: string): void;
  /** For tests, which have less patience. */
  timing?: Partial<Timing>;
  version?: string;
}

export interface Timing {
  heartbeat_ms: number;
  /** A rank that has said nothing for so long is lost. */
  silence_ms: number;
  handshake_ms: number;
  /** A main thread that has not heard of the world's end for so long stands still, and its process is killed. */
  deaf_ms: number;
}

export const TIMING: Timing = {
  heartbeat_ms: 1000,
  silence_ms: 5000,
  handshake_ms: 5000,
  deaf_ms: 30_000,
};
