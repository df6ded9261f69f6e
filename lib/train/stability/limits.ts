import type { Manifest } from "../../checkpoint/manifest.ts";
import type { Config } from "../../config/types.ts";
import type { StagePlan } from "../../growth/stage-plan.ts";
import type { StepInput, StepReport } from "../../native/types.ts";
import { median, robustDeviation } from "./median.ts";

/** What a run remembers of its steps, in order to judge the next ones; a checkpoint holds it. */
export type History = Manifest["stability"];

/** Above these a step does not count. */
export type Limits = Pick<StepInput, "max_loss" | "max_grad_norm">;

/** A gradient this many times the usual one is no gradient of the usual loss. */
const GRAD_NORM_FACTOR = 10;
/** Of the median: losses that hardly differ would make a spike of every other one. */
const LEAST_DEVIATION = 0.002;
/** After growth new weights learn fast, and the old statistics are those of another model. */
const SETTLING_FACTOR = 2;

const NO_LIMITS: Limits = { max_loss: Infinity, max_grad_norm: Infinity };

/**
 * The limits of the next step, from the accepted ones alone. They follow from the history and the place in the run, so
 * that all ranks, and a run that was killed and resumed, decide alike.
 */
export function limitsOf(
  { losses, grad_norms }: History,
  { spike_sigma, spike_window }: Config["stability"],
  settles: boolean,
): Limits {
  if (spike_sigma === null || losses.length < spike_window / 4) return NO_LIMITS;
  const factor = settles ? SETTLING_FACTOR : 1;
  const middle = median(losses);
  const deviation = Math.max(robustDeviation(losses), LEAST_DEVIATION * Math.abs(middle));
  return {
    max_loss: middle + factor * spike_sigma * deviation,
    max_grad_norm: factor * GRAD_NORM_FACTOR * median(grad_norms),
  };
}

/** Whether a grown model still warms up or opens its masks. */
export function isSettling({ index, config, growth }: StagePlan, stageStep: number): boolean {
  return index > 0 && stageStep < Math.max(config.warmup_steps, growth!.ramp_steps);
}

/** The history after a step that counts. */
export function accepted(
  history: History,
  { loss, grad_norm }: StepReport,
  { spike_sigma, spike_window }: Config["stability"],
): History {
  if (spike_sigma === null) return { ...history, rejected_in_a_row: 0 };
  return {
    ...history,
    rejected_in_a_row: 0,
    losses: [...history.losses, loss].slice(-spike_window),
    grad_norms: [...history.grad_norms, grad_norm].slice(-spike_window),
  };
}
