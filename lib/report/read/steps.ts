import type { Steps } from "./record.ts";

/** The columns of `Steps` and the keys of metrics.jsonl that they come from; `seconds` is summed up here. */
const KEYS = {
  step: "step",
  stage: "stage",
  ramp: "ramp",
  tokens: "tokens",
  flops: "flops_total",
  loss: "loss",
  lr: "lr",
  grad_norm: "grad_norm",
  step_ms: "step_ms",
  tokens_per_second: "tokens_per_second",
  tflops: "tflops",
  mfu: "mfu",
} as const satisfies Record<Exclude<keyof Steps, "seconds">, string>;

const COLUMNS = Object.keys(KEYS) as (keyof typeof KEYS)[];

export function noSteps(): Steps {
  const columns = Object.fromEntries(COLUMNS.map((column) => [column, []]));
  return { ...columns, seconds: [] } as unknown as Steps;
}

/** Adds a row of metrics.jsonl. One without a step and tokens beyond the last is passed over. */
export function addRow(steps: Steps, row: unknown): void {
  const values = (row ?? {}) as Record<string, unknown>;
  if (!isCount(values.step) || !isCount(values.tokens)) return;
  const before = steps.step.at(-1) ?? 0;
  if (values.step <= (steps.step.at(-1) ?? -1) || values.tokens < (steps.tokens.at(-1) ?? 0))
    return;
  const stage = isCount(values.stage) ? values.stage : (steps.stage.at(-1) ?? 0);
  const known: Record<string, unknown> = { ...values, stage };
  for (const column of COLUMNS) {
    const value = known[KEYS[column]];
    steps[column].push(typeof value === "number" ? value : Number.NaN);
  }
  // Where only every n-th step is logged, the others are taken to have been as long.
  const spent = ((values.step - before) * steps.step_ms.at(-1)!) / 1000;
  steps.seconds.push((steps.seconds.at(-1) ?? 0) + spent);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
