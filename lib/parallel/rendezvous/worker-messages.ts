import type { Call, PlainError } from "./messages.ts";
import type { JoinOptions } from "./options.ts";
import type { WaitOptions } from "./world.ts";

/** Options that a thread can be given: functions stay behind. */
export type WorkerOptions = Omit<JoinOptions, "onWarning">;

/** From the main thread to the one that holds the world. */
export type ToWorker =
  | {
      type: "call";
      id: number;
      verb: Call["verb"];
      key: string;
      value: unknown;
      options: WaitOptions | undefined;
    }
  | { type: "progress"; step: number }
  | { type: "abort"; error: PlainError }
  /** The answer to an abort from the other side. */
  | { type: "heard" }
  | { type: "close"; id: number };

export type FromWorker =
  | { type: "joined"; epoch: number; roster: readonly unknown[]; hosts: readonly string[] }
  | { type: "failed"; error: PlainError }
  | { type: "answer"; id: number; value: unknown }
  | { type: "refusal"; id: number; error: PlainError }
  | { type: "abort"; error: PlainError }
  | { type: "warning"; message: string };
