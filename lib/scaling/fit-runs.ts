import { FlmError } from "../errors.ts";
import { fitLoss, type LossFit, type LossPrediction, predictLoss } from "./loss-fit.ts";
import { chainedLosses, LOSS_LAWS, type LossLaw } from "./loss-law.ts";
import { fitLossLaw } from "./loss-law-fit.ts";
import {
  hasGrown,
  lastRow,
  type ObservedRun,
  reachedAt,
  rowOfStep,
  stageEnds,
} from "./observed-run.ts";

/** What x is in L(x) = a · x^b + c. */
export type FitAxis = "parameters" | "flops";

export interface FitRunsOptions {
  axis?: FitAxis;
  /** Where the curve is asked for, in units of the axis. */
  target?: number;
  /** Step at which the runs are compared; by default the last that all have taken. */
  step?: number;
}

export interface RunsFit {
  axis: FitAxis;
  /** The common step; null without a fit over sizes. */
  step: number | null;
  /** Over runs of one size each; null where fewer than three were given. */
  fit: (LossFit & { names: string[] }) | null;
  prediction: LossPrediction | null;
  /** The law that `chained` uses; its B and beta are those that `flm-train corpus` asks for. */
  law: (LossLaw & { source: "fitted" | "epoch" }) | null;
  /** Prediction and observation for each run that grew. */
  chained: ChainedRun[];
}

export interface ChainedRun {
  run: string;
  stages: {
    parameters: number;
    tokens: number;
    equivalent_tokens: number;
    predicted: number;
    observed: number;
    /** observed − predicted: what growing cost (above 0) or gained. */
    gap: number;
  }[];
}

/**
 * Loss prediction from runs: a curve over the sizes of those that did not grow, read at one step, and for those that grew
 * the chained prediction of a law, beside what they showed.
 *
 * @throws FlmError INVALID_ARGUMENT when there is too little to fit, or a run has no step
 */
export function fitRuns(runs: readonly ObservedRun[], options: FitRunsOptions = {}): RunsFit {
  const empty = runs.find((run) => run.step.length === 0);
  if (empty)
    throw new FlmError("INVALID_ARGUMENT", `${empty.name} has no step to fit`, {
      hint: "leave it out, or train it first",
    });
  const grown = runs.filter(hasGrown);
  const constant = runs.filter((run) => !hasGrown(run));
  const { axis = "parameters", target } = options;
  const sizes = new Set(constant.map((run) => run.parameters[0])).size;
  const fitsSizes = sizes >= 3 || grown.length === 0 || target !== undefined;
  const step = fitsSizes ? commonStep(constant, options.step) : null;
  const fit = step === null ? null : fitOver(constant, axis, step);
  const law = ownLaw(constant) ?? (grown.length > 0 ? publishedLaw(grown) : null);
  return {
    axis,
    step,
    fit,
    prediction: fit && target !== undefined ? predictLoss(fit, target) : null,
    law,
    chained: law ? grown.map((run) => chain(run, law)) : [],
  };
}

function commonStep(runs: readonly ObservedRun[], wanted: number | undefined): number {
  const shortest = Math.min(...runs.map((run) => run.step[lastRow(run)]!));
  if (wanted === undefined) return shortest;
  const missing = runs.find(
    (run) => run.step[lastRow(run)]! < wanted || rowOfStep(run, wanted) < 0,
  );
  if (missing)
    throw new FlmError(
      "INVALID_ARGUMENT",
      `step ${wanted} is not in ${missing.name}, which has steps ${missing.step[0]} to ${missing.step[lastRow(missing)]}`,
      { hint: `use a step up to ${shortest}` },
    );
  return wanted;
}

function fitOver(runs: readonly ObservedRun[], axis: FitAxis, step: number): RunsFit["fit"] {
  const reached = runs.map((run) => reachedAt(run, rowOfStep(run, step)));
  const fit = fitLoss(reached.map((at) => ({ x: at[axis], loss: at.loss })));
  return { ...fit, names: runs.map(({ name }) => name) };
}

/** Below these the published law is far outside of what it was fitted to, and its losses exceed those of guessing. */
const PUBLISHED_RANGE = { parameters: 1e7, tokens: 1e8 } as const;

/** Constants of other data, whose losses are not those of these runs. */
function publishedLaw(grown: readonly ObservedRun[]): NonNullable<RunsFit["law"]> {
  const small = grown.find(
    (run) =>
      run.parameters[0]! < PUBLISHED_RANGE.parameters ||
      run.tokens[lastRow(run)]! < PUBLISHED_RANGE.tokens,
  );
  if (small)
    throw new FlmError(
      "INVALID_ARGUMENT",
      `${small.name} begins with ${small.parameters[0]} parameters and has seen ${small.tokens[lastRow(small)]} tokens: published laws do not reach down to that`,
      { hint: "add runs of two or more sizes that do not grow, for a law of your own" },
    );
  return { ...LOSS_LAWS.epoch, source: "epoch" };
}

/** Points of one run that a law is fitted to: its end, and fractions of its tokens down to a twelfth. */
const FRACTIONS = [1, 2 ** -0.5, 2 ** -1, 2 ** -1.5, 2 ** -2, 2 ** -2.5, 2 ** -3, 2 ** -3.5];

/** Null without two sizes, or with too few steps to tell data from size. */
function ownLaw(constant: readonly ObservedRun[]): RunsFit["law"] {
  const sizes = new Set(constant.map((run) => run.parameters[0])).size;
  const points = constant.flatMap((run) => {
    const all = run.tokens[lastRow(run)]!;
    const rows = FRACTIONS.map((share) => run.tokens.findIndex((tokens) => tokens >= share * all));
    return [...new Set(rows)].map((row) => reachedAt(run, row));
  });
  if (sizes < 2 || points.length < FRACTIONS.length) return null;
  const { objective: _, ...law } = fitLossLaw(points);
  return { ...law, source: "fitted" };
}

function chain(run: ObservedRun, law: LossLaw): ChainedRun {
  const ends = stageEnds(run).map((row) => reachedAt(run, row));
  const stages = ends.map(({ parameters, tokens }, i) => ({
    parameters,
    tokens: tokens - (ends[i - 1]?.tokens ?? 0),
  }));
  return {
    run: run.name,
    stages: chainedLosses(law, stages).map(({ loss: predicted, ...stage }, i) => {
      const observed = ends[i]!.loss;
      return { ...stage, predicted, observed, gap: observed - predicted };
    }),
  };
}
