import type { GrowingSizes } from "../config/shape.ts";
import type { ErrorCode } from "../errors.ts";
import type { GroupResult, SuiteName, TaskResult } from "../eval/results.ts";
import type { PrepareProgress } from "../data/types.ts";
import type { DeviceInfo } from "../native/types.ts";
import type { StagePlan } from "../growth/stage-plan.ts";
import type { Reaction } from "./stability/reaction.ts";
import type { Rejection } from "./stability/rejection.ts";

/** One row of metrics.jsonl. Losses in nats per token; times in milliseconds. */
export interface StepRow {
  step: number;
  stage: number;
  /** m of the growth ramp, 1 outside one. */
  ramp: number;
  tokens: number;
  loss: number;
  lr: number;
  grad_norm: number;
  skipped: boolean;
  step_ms: number;
  tokens_per_second: number;
  /** Of all ranks together. */
  tflops: number;
  /** Share of the peak of the stage's devices; null where the peak is not known. */
  mfu: number | null;
  flops_total: number;
  memory_bytes: number;
}

/** One row of events.jsonl, but for the time. */
export type RunEvent =
  | {
      type: "start";
      step: number;
      device: string;
      precision: string;
      ranks: number;
      parameters: number;
    }
  | {
      type: "resume";
      step: number;
      checkpoint: string;
      device: string;
      precision: string;
      ranks: number;
      /** What the config says otherwise than before, "stages.1.lr 0.0004 → 0.001" each. */
      changed: string[];
    }
  | { type: "warning"; step: number; message: string }
  | {
      type: "validation";
      step: number;
      loss: number;
      perplexity: number;
      bits_per_byte: number;
      tokens: number;
      /** Of several sources, each that has validation text; `share` of the training tokens from now on. */
      sources?: {
        name: string;
        loss: number;
        bits_per_byte: number;
        tokens: number;
        share: number;
      }[];
    }
  /** Objective dpo on the held-out pairs: means of the loss and of beta * z, share of pairs with z above zero. */
  | {
      type: "preference";
      step: number;
      loss: number;
      margin: number;
      accuracy: number;
      pairs: number;
    }
  | {
      type: "evaluation";
      step: number;
      suite: SuiteName;
      tasks: Pick<TaskResult, "name" | "group" | "n" | "score" | "ci95" | "floor">[];
      groups: GroupResult[];
      seconds: number;
    }
  | { type: "checkpoint"; step: number; path: string; seconds: number; bytes: number }
  /** A step that does not count, and what was done about it. */
  | ({ type: "skip"; action: Reaction } & Rejection)
  /** The run goes on from a checkpoint, that of `step`. `number` counts from 1, `lr_factor` is on every rate from now on. */
  | {
      type: "rollback";
      step: number;
      number: number;
      rejected: Rejection;
      lr_factor: number;
    }
  | {
      type: "growth";
      stage: number;
      step: number;
      from: GrowingSizes;
      to: GrowingSizes;
      parameters_before: number;
      parameters_after: number;
      preserving: boolean;
      /** Nats per token of the tokenizer before, on a fixed batch. */
      loss_before: number;
      /** The same at m = 0, where the vocabulary grows in nats per token of the larger one. */
      loss_after: number;
      /** Only where the vocabulary grows: of the same text on both sides, to be compared in place of the losses. */
      bits_per_byte?: { before: number; after: number };
      /** Making the larger model's engine and filling it; part of `seconds`. */
      load_seconds: number;
      seconds: number;
    }
  /** The end of a stage. `near_zero_share`: of its weights, see lib/growth/near-zero.ts. */
  | {
      type: "stage";
      step: number;
      stage: number;
      parameters: number;
      near_zero_share: number;
      seconds: number;
    }
  | { type: "baseline"; step: number; bigram_loss: number }
  | { type: "sample"; step: number; prompt: string; text: string }
  | { type: "failed"; step: number; code: ErrorCode; message: string }
  | { type: "done"; step: number; status: TrainResult["status"] };

/** What a run says while it goes on. All calls are synchronous and must not throw. */
export interface TrainObserver {
  onPrepare?(progress: PrepareProgress): void;
  onStart?(info: StartInfo): void;
  onStep?(row: StepRow): void;
  onEvent?(event: RunEvent): void;
}

export interface StartInfo {
  run_dir: string;
  device: DeviceInfo;
  /** Why the GPU was not taken; null when it was, or was not asked for. */
  device_reason: string | null;
  precision: "f32" | "bf16";
  /** Processes that train together. */
  ranks: number;
  /** Of several ranks on GPUs, how their data travels; null otherwise. */
  communicator: string | null;
  stages: readonly StagePlan[];
  total_steps: number;
  first_step: number;
  /** Where the vocabulary grows, this and what follows are of the last stage. */
  train_tokens: number;
  validation_tokens: number;
  vocab_size: number;
}

/** What `train --json` prints. Losses in nats per token; paths absolute. */
export interface TrainResult {
  status: "done" | "interrupted" | "preempted";
  steps: number;
  tokens: number;
  loss: number | null;
  validation_loss: number | null;
  bigram_loss: number | null;
  tokens_per_second: number;
  checkpoint: string | null;
  run_dir: string;
}
