import { FlmError } from "../errors.ts";

/** A run as loss fits see it: its stages, and one entry for each logged step. */
export interface ObservedRun {
  name: string;
  /** Parameters of each stage, in order. */
  parameters: readonly number[];
  /** Sizes that its vocabulary has had, in order; one or none where it did not grow. */
  vocabularies: readonly number[];
  step: readonly number[];
  /** Index into `parameters`. */
  stage: readonly number[];
  /** Nats per token; NaN where it was not finite. */
  loss: readonly number[];
  /** From the run's beginning, this step included. */
  tokens: readonly number[];
  flops: readonly number[];
}

/** Stages of one size are one run. */
export function hasGrown({ parameters }: ObservedRun): boolean {
  return new Set(parameters).size > 1;
}

/** Then losses per token before and after do not compare. */
export function hasNewVocabulary({ vocabularies }: ObservedRun): boolean {
  return vocabularies.length > 1;
}

/** Losses of single batches are noisy: this share of the steps so far is averaged. */
const WINDOW = 0.05;

/** What the run had reached at a row: tokens, FLOPs, and the loss averaged over the steps that led to it. */
export interface Reached {
  parameters: number;
  step: number;
  tokens: number;
  flops: number;
  loss: number;
}

/** @throws FlmError INVALID_ARGUMENT where the losses before the row are not finite */
export function reachedAt(run: ObservedRun, row: number): Reached {
  const first = firstOfWindow(run, row);
  const losses = run.loss.slice(first, row + 1).filter(Number.isFinite);
  if (losses.length === 0)
    throw new FlmError(
      "INVALID_ARGUMENT",
      `${run.name} has no finite loss at step ${run.step[row] ?? 0}`,
      { hint: "leave this run out, or name an earlier --step" },
    );
  return {
    parameters: run.parameters[run.stage[row]!]!,
    step: run.step[row]!,
    tokens: run.tokens[row]!,
    flops: run.flops[row]!,
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
  };
}

/** Never from a stage before. */
function firstOfWindow({ step, stage }: ObservedRun, row: number): number {
  const from = step[row]! * (1 - WINDOW);
  let first = row;
  while (first > 0 && step[first - 1]! > from && stage[first - 1] === stage[row]) first--;
  return first;
}

/** The last row at or before a step; -1 before the first. */
export function rowOfStep({ step }: ObservedRun, wanted: number): number {
  return step.findLastIndex((value) => value <= wanted);
}

export function lastRow({ step }: ObservedRun): number {
  return step.length - 1;
}

/** The last row of each stage that the run has taken steps in. */
export function stageEnds({ stage }: ObservedRun): number[] {
  return stage.flatMap((value, row) => (stage[row + 1] === value ? [] : [row]));
}
