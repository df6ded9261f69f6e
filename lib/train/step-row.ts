import type { StagePlan } from "../growth/stage-plan.ts";
import type { Placement } from "../native/placement.ts";
import type { StepReport } from "../native/types.ts";
import { peakFlops } from "../scaling/peaks.ts";
import type { StepRow } from "./events.ts";
import type { Progress } from "./progress.ts";

/** What the report does not say of a step. */
export interface StepFacts {
  lr: number;
  /** m of the growth ramp. */
  ramp: number;
  step_ms: number;
  memory_bytes: number;
  /** That the stage uses, each with a device. */
  ranks: number;
}

/** The row of metrics.jsonl for the step that has led to `at`. */
export function stepRow(
  at: Progress,
  plan: StagePlan,
  { device, engine }: Placement,
  { loss, grad_norm, skipped }: StepReport,
  { lr, ramp, step_ms, memory_bytes, ranks }: StepFacts,
): StepRow {
  const tokens = plan.config.global_batch_size * plan.shape.seq_length;
  const perSecond = 1000 / step_ms;
  const flopsPerSecond = tokens * plan.flops_per_token * perSecond;
  const peak = peakFlops(device, engine.precision);
  return {
    step: at.step,
    stage: at.stage,
    ramp,
    tokens: at.tokens,
    loss,
    lr,
    grad_norm,
    skipped,
    step_ms,
    tokens_per_second: tokens * perSecond,
    tflops: flopsPerSecond / 1e12,
    mfu: peak === null ? null : flopsPerSecond / (ranks * peak),
    flops_total: at.flops,
    memory_bytes,
  };
}
