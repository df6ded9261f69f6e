import type { Steps } from "../read/record.ts";

/** What the run's way is measured in; each is a column of `Steps` that ascends. */
export const MEASURES = ["tokens", "step", "flops", "seconds"] as const;
export type Measure = (typeof MEASURES)[number];

/** Where a run stood, by every measure. */
export type Progress = Record<Measure, number>;

/** Where the run stood after `step`; between logged steps it moves evenly. */
export function progressAt(steps: Steps, step: number): Progress {
  const after = firstAfter(steps.step, step);
  return Object.fromEntries(
    MEASURES.map((measure) => [measure, interpolated(steps, step, measure, after)]),
  ) as Progress;
}

function interpolated(steps: Steps, step: number, measure: Measure, after: number): number {
  const at = (i: number): [step: number, value: number] =>
    i < 0 ? [0, 0] : [steps.step[i]!, steps[measure][i]!];
  const [step0, value0] = at(after - 1);
  if (after === steps.step.length || step0 === step) return value0;
  const [step1, value1] = at(after);
  return value0 + ((value1 - value0) * (step - step0)) / (step1 - step0);
}

/** Index of the first entry of an ascending list that is above `value`. */
function firstAfter(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
