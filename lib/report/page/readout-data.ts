import { thin } from "../facts/curve.ts";
import type { RunFacts } from "../facts/run-facts.ts";

/** Steps that the pointer can read out: one a pixel is enough. */
const MOST_STEPS = 1000;

const COLUMNS = [
  "step",
  "tokens",
  "flops",
  "seconds",
  "loss",
  "lr",
  "grad_norm",
  "tokens_per_second",
  "mfu",
  "tflops",
] as const;

/** What the page's script needs to show the numbers under the pointer. */
export function readoutData(runs: readonly RunFacts[]): unknown {
  return runs.map(({ summary, steps, smoothed }) => {
    const indices = thin(steps.loss, MOST_STEPS);
    const pick = (values: readonly number[]) =>
      indices.map((i) => (Number.isFinite(values[i]) ? Number(values[i]!.toPrecision(6)) : null));
    return {
      name: summary.name,
      ...Object.fromEntries(
        COLUMNS.filter((column) => column === "step" || steps[column].some(Number.isFinite)).map(
          (column) => [column, pick(steps[column])],
        ),
      ),
      smoothed: pick(smoothed),
    };
  });
}
