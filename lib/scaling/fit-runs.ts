import { FlmError } from "../errors.ts";
import { type ChainedRun, chain } from "./chained-run.ts";
import { findLossFit, type LossFit, type LossPrediction, predictLoss } from "./loss-fit.ts";
import { LOSS_LAWS, type LossLaw, type SizedLaw } from "./loss-law.ts";
import {
  hasGrown,
  hasNewVocabulary,
  lastRow,
  type ObservedRun,
  reachedAt,
  rowOfStep,
} from "./observed-run.ts";
import { type OwnLaw, ownLaw } from "./own-law.ts";

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
  /** Over runs of one size each; null where fewer than three sizes were given, or their losses follow no such curve. */
  fit: (LossFit & { names: string[] }) | null;
  /** Null without a target or a fit. */
  prediction: LossPrediction | null;
  /** The law that `chained` uses; its B and beta are those that `flm-train corpus` asks for. */
  law: ((LossLaw | SizedLaw) & { source: "fitted" | "epoch" }) | null;
  /** Prediction and observation for each run that grew. */
  chained: ChainedRun[];
  /** Sentences: what is not above, or not to be trusted, and why. */
  notes: string[];
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
  const left = runs.filter(hasNewVocabulary);
  const usable = runs.filter((run) => !hasNewVocabulary(run));
  const grown = usable.filter(hasGrown);
  const constant = usable.filter((run) => !hasGrown(run));
  const sizes = new Set(constant.map((run) => run.parameters[0])).size;
  if (left[0] && grown.length === 0 && sizes < 2)
    throw new FlmError(
      "INVALID_ARGUMENT",
      `${left[0].name} cannot be fitted: ${newVocabulary(left[0])}`,
      {
        hint: "compare bits per byte, which flm-train report shows of validations",
      },
    );
  const { axis = "parameters", target } = options;
  const fitsSizes = sizes >= 3 || left.length + grown.length === 0 || target !== undefined;
  const step = fitsSizes ? commonStep(constant, options.step) : null;
  const { fit, notes } = step === null ? { fit: null, notes: [] } : fitOver(constant, axis, step);
  const own = ownLaw(constant);
  const law = lawFor(own, grown);
  const chains = grown.map((run) =>
    law ? chain(run, law) : `${run.name} is not chained: there is no law`,
  );
  return {
    axis,
    step,
    fit,
    prediction: fit && target !== undefined ? predictLoss(fit, target) : null,
    law,
    chained: chains.filter((found) => typeof found !== "string"),
    notes: [
      ...notes,
      ...(own.note === null ? [] : [own.note]),
      ...left.map((run) => `${run.name} is left out: ${newVocabulary(run)}`),
      ...chains.filter((found) => typeof found === "string"),
    ],
  };
}

function newVocabulary({ vocabularies }: ObservedRun): string {
  return `its vocabulary grew from ${vocabularies.join(" to ")} tokens, and losses per token do not compare across that`;
}

function commonStep(runs: readonly ObservedRun[], wanted: number | undefined): number {
  const shortest = Math.min(...runs.map((run) => run.step[lastRow(run)]!));
  const step = wanted ?? shortest;
  const missing = runs.find((run) => run.step[lastRow(run)]! < step || rowOfStep(run, step) < 0);
  if (!missing) return step;
  const latest = Math.max(...runs.map((run) => run.step[0]!));
  throw new FlmError(
    "INVALID_ARGUMENT",
    `step ${step} is not in ${missing.name}, which has steps ${missing.step[0]} to ${missing.step[lastRow(missing)]}`,
    {
      hint:
        latest <= shortest
          ? `use a step up to ${shortest}`
          : "leave it out: no step is in all runs",
    },
  );
}

function fitOver(
  runs: readonly ObservedRun[],
  axis: FitAxis,
  step: number,
): Pick<RunsFit, "fit" | "notes"> {
  const names = runs.map(({ name }) => name);
  const reached = runs.map((run) => reachedAt(run, rowOfStep(run, step)));
  const unknown = reached.findIndex((at) => !(at[axis] > 0));
  if (unknown >= 0)
    throw new FlmError(
      "INVALID_ARGUMENT",
      `${names[unknown]} does not say its ${axis} at step ${step}`,
      {
        hint: "leave it out, or fit over the other: --target-parameters or --target-flops",
      },
    );
  const fit = findLossFit(reached.map((at) => ({ x: at[axis], loss: at.loss })));
  if (typeof fit === "string") {
    const losses = reached.map(({ loss }, i) => `${names[i]} ${loss.toFixed(4)}`).join(", ");
    const note = `no curve L(C) = a · C^b + c over ${axis} at step ${step}, and no prediction: the losses do not follow one, because ${fit}; ${losses}`;
    return { fit: null, notes: [note] };
  }
  // A curve that follows three points goes through them, for it has three unknowns.
  const notes = fit.intervals
    ? []
    : ["three sizes fit exactly, without intervals: a fourth would show how far to trust it"];
  return { fit: { ...fit, names }, notes };
}

/** The published law stands in for runs that are missing, not for runs that follow none. */
function lawFor({ law, note }: OwnLaw, grown: readonly ObservedRun[]): RunsFit["law"] {
  if (law) return { ...law, source: "fitted" };
  return note === null && grown.length > 0 ? publishedLaw(grown) : null;
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
