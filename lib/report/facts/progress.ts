import type { Steps } from "../read/record.ts";

/** What the run's way is measured in. */
export type Measure = "tokens" | "flops";

/** Where on `measure` the run stood after `step`; between logged steps it moves evenly. */
export function progressAt(steps: Steps, step: number, measure: Measure): number {
  const after = firstAfter(steps.step, step);
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
