import { type ErrorCode, FlmError } from "../../errors.ts";

/** An error as data: it crosses sockets and threads. */
export interface PlainError {
  code: ErrorCode;
  message: string;
  hint?: string;
  rank?: number;
}

/** What a rank brings to the world, beside its identity. */
export interface Join {
  type: "join";
  host: string;
  world_size: number;
  /** A hash of what has to be equal on all ranks. */
  config_hash: string;
  /** Where the rank's communicator listens; the store does not look into it. */
  endpoint: unknown;
}

/** What all ranks call together; they meet by key. A rank's calls with one key are answered in their order. */
export interface Call {
  type: "call";
  verb: "gather" | "broadcast" | "barrier";
  key: string;
  value: unknown;
  timeout_ms: number;
  /** How many ranks meet, from rank 0 on; all where it is left out. */
  ranks?: number;
}

export type FromRank =
  | Join
  | Call
  /** Every second; `reports` counts the calls of `progress`, `step` is the argument of the last. */
  | { type: "beat"; step: number; reports: number }
  | { type: "abort"; error: PlainError }
  | { type: "leave" };

export type FromStore =
  | { type: "joined"; epoch: number; hosts: string[]; endpoints: unknown[] }
  /** `later` says that another store may come to this address: try again. */
  | { type: "refused"; error: PlainError; later: boolean }
  /** Without a word of whom it is for, so that all ranks get the same bytes. */
  | { type: "answer"; key: string; value: unknown }
  | { type: "abort"; error: PlainError }
  | { type: "beat" }
  | { type: "bye" };

export function plain({ code, message, hint, rank }: FlmError): PlainError {
  return {
    code,
    message,
    ...(hint !== undefined && { hint }),
    ...(rank !== undefined && { rank }),
  };
}

export function revive({ code, message, ...options }: PlainError): FlmError {
  return new FlmError(code, message, options);
}

/** A reason to end the world for, said in words alone: peers may try again. */
export function asError(reason: FlmError | string): FlmError {
  return typeof reason === "string" ? new FlmError("COMM_PEER_LOST", reason) : reason;
}
