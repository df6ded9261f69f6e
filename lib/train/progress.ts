import { type Manifest, NO_HISTORY } from "../checkpoint/manifest.ts";
import type { StagePlan } from "../growth/stage-plan.ts";

/** Where a run stands: what a checkpoint's manifest says of it beside the weights and the data. */
export type Progress = Pick<
  Manifest,
  | "stage"
  | "stage_step"
  | "step"
  | "tokens"
  | "flops"
  | "skipped_steps"
  | "growth"
  | "stability"
  | "loss"
  | "validation"
  | "evaluation_due"
>;

const START: Progress = {
  stage: 0,
  stage_step: 0,
  step: 0,
  tokens: 0,
  flops: 0,
  skipped_steps: 0,
  growth: [],
  stability: NO_HISTORY,
  loss: null,
  validation: null,
  evaluation_due: undefined,
};

/** The place that a checkpoint has; undefined is the run's start. */
export function progressOf(manifest: Manifest | undefined): Progress {
  if (manifest === undefined) return START;
  const entries = Object.keys(START).map((key) => [key, manifest[key as keyof Progress]]);
  return Object.fromEntries(entries) as Progress;
}

/** The same place at the beginning of the next stage, `after`. */
export function grownInto(progress: Progress, before: StagePlan, after: StagePlan): Progress {
  const event = {
    stage: after.index,
    step: progress.step,
    parameters_before: before.parameters,
    parameters_after: after.parameters,
  };
  // Losses of other tokens say nothing about those to come.
  const isSameVocabulary = before.shape.vocab_size === after.shape.vocab_size;
  const stability = isSameVocabulary
    ? progress.stability
    : { ...progress.stability, losses: [], grad_norms: [] };
  return {
    ...progress,
    stability,
    stage: after.index,
    stage_step: 0,
    growth: [...progress.growth, event],
  };
}
