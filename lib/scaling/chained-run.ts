import { FlmError } from "../errors.ts";
import { chainedLosses, type LossLaw, type SizedLaw } from "./loss-law.ts";
import { type ObservedRun, reachedAt, stageEnds } from "./observed-run.ts";

/** A run that grew: what a law predicts for the end of each stage, and what the run showed. */
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

/** The run under the law, or why the law says nothing of it. */
export function chain(run: ObservedRun, law: LossLaw | SizedLaw): ChainedRun | string {
  const ends = stageEnds(run).map((row) => reachedAt(run, row));
  const stages = ends.map(({ parameters, tokens }, i) => ({
    parameters,
    tokens: tokens - (ends[i - 1]?.tokens ?? 0),
  }));
  try {
    return {
      run: run.name,
      stages: chainedLosses(law, stages).map(({ loss: predicted, ...stage }, i) => {
        const observed = ends[i]!.loss;
        return { ...stage, predicted, observed, gap: observed - predicted };
      }),
    };
  } catch (error) {
    if (!(error instanceof FlmError)) throw error;
    return `${run.name} is not chained: ${error.message}`;
  }
}
