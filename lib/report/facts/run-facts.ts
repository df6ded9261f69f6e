import { eventsOf } from "../read/events.ts";
import type { RunRecord } from "../read/record.ts";
import { type SuiteScores, suiteScores } from "./scores.ts";
import { smooth, smoothingReach } from "./curve.ts";
import { type Progress, progressAt } from "./progress.ts";
import { type StageSpan, stageSpans } from "./stages.ts";
import { type RunSummary, summarise } from "./summary.ts";

export interface Validation extends Progress {
  loss: number;
  perplexity: number;
  bits_per_byte: number;
}

/** What objective dpo measured on its held-out pairs. */
export interface Preference extends Progress {
  loss: number;
  margin: number;
  accuracy: number;
  pairs: number;
}

/** A run's record with all that several parts of the report derive from it. */
export interface RunFacts extends RunRecord {
  stages: StageSpan[];
  summary: RunSummary;
  /** Training loss, smoothed within each stage. */
  smoothed: number[];
  /** Steps in a smoothed value's mean. */
  smoothing: number;
  validations: Validation[];
  preferences: Preference[];
  suites: SuiteScores[];
}

export function runFacts(record: RunRecord): RunFacts {
  const { steps, events } = record;
  const stages = stageSpans(record);
  const reach = smoothingReach(steps.step.length);
  return {
    ...record,
    stages,
    summary: summarise(record, stages),
    smoothed: smooth(steps.loss, steps.stage, reach),
    smoothing: 2 * reach + 1,
    validations: eventsOf(events, "validation").map(
      ({ step, loss, perplexity, bits_per_byte }) => ({
        ...progressAt(steps, step),
        step,
        loss,
        perplexity,
        bits_per_byte,
      }),
    ),
    preferences: eventsOf(events, "preference").map(({ step, loss, margin, accuracy, pairs }) => ({
      ...progressAt(steps, step),
      step,
      loss,
      margin,
      accuracy,
      pairs,
    })),
    suites: suiteScores(record),
  };
}
