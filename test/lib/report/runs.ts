import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent, StepRow } from "../../../lib/train/events.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** A run on disk; what is left out has no file. `metrics` and `events` are objects or lines as they are. */
export interface RunFiles {
  config?: string;
  metrics?: readonly (object | string)[];
  events?: readonly (object | string)[];
}

/** Writes a run into a directory that lives as long as the test. */
export function writeRun(files: RunFiles, directory = join(temporaryDirectory(), "mini")): string {
  mkdirSync(directory, { recursive: true });
  const lines = (rows: readonly (object | string)[]) =>
    rows.map((row) => `${typeof row === "string" ? row : JSON.stringify(row)}\n`).join("");
  if (files.config !== undefined) writeFileSync(join(directory, "config.yaml"), files.config);
  if (files.metrics) writeFileSync(join(directory, "metrics.jsonl"), lines(files.metrics));
  if (files.events) writeFileSync(join(directory, "events.jsonl"), lines(files.events));
  return directory;
}

const TOKENS = 2048;

export function stepRow(step: number, rest: Partial<StepRow> = {}): StepRow {
  return {
    step,
    stage: 0,
    ramp: 1,
    tokens: step * TOKENS,
    loss: 2 + 3 / (1 + step / 20),
    lr: 4e-4,
    grad_norm: 1,
    skipped: false,
    step_ms: 100,
    tokens_per_second: 20_480,
    tflops: 0.1,
    mfu: null,
    flops_total: step * 1e9,
    memory_bytes: 1e6,
    ...rest,
  };
}

const shape = (num_layers: number, hidden_size: number) => ({
  num_layers,
  hidden_size,
  num_attention_heads: hidden_size / 16,
  num_kv_heads: hidden_size / 16,
  ffn_hidden_size: 4 * hidden_size,
  vocab_size: 257,
});

const STAGES = [
  { name: "16b-like", ...shape(3, 112), steps: 586, parameters: 482_000, flops: 1.6e9 },
  { name: "51b-like", ...shape(8, 128), steps: 95, parameters: 1_620_000, flops: 6e9 },
  { name: "101b-like", ...shape(10, 160), steps: 68, parameters: 3_130_000, flops: 1.2e10 },
];

/** A finished run of three stages with validation, a skipped step, a resume and a sample. */
export function grownRun(): Required<RunFiles> {
  const random = noise();
  const metrics: StepRow[] = [];
  const events: (RunEvent & { time: string })[] = [];
  let seconds = 0;
  let flops = 0;
  const event = (event: RunEvent) =>
    events.push({ time: new Date(Date.UTC(2030, 0, 2) + 1000 * seconds).toISOString(), ...event });
  event({
    type: "start",
    step: 0,
    device: "a CPU (avx512-bf16, 2 threads)",
    precision: "bf16",
    ranks: 4,
    parameters: 482_000,
  });
  event({ type: "baseline", step: 0, bigram_loss: 2.47 });
  for (const [stage, { steps, parameters, flops: cost, ...at }] of STAGES.entries()) {
    const first = metrics.length;
    if (stage > 0)
      event({
        type: "growth",
        stage,
        step: first,
        from: shape(STAGES[stage - 1]!.num_layers, STAGES[stage - 1]!.hidden_size),
        to: shape(at.num_layers, at.hidden_size),
        parameters_before: STAGES[stage - 1]!.parameters,
        parameters_after: parameters,
        preserving: true,
        loss_before: lossAt(first, stage - 1),
        loss_after: lossAt(first, stage - 1) + 2e-7,
        load_seconds: 0.05,
        seconds: 0.61,
      });
    for (let i = 0; i < steps; i++) {
      const step = first + i + 1;
      const step_ms = 80 + 40 * stage + 6 * random();
      seconds += step_ms / 1000;
      flops += cost * TOKENS;
      metrics.push(
        stepRow(step, {
          stage,
          ramp: stage > 0 && i < 10 ? i / 10 : 1,
          loss: lossAt(step, stage) + 0.08 * random(),
          lr: 4e-3 * Math.min(1, step / 23) * (0.5 + 0.5 * Math.cos((Math.PI * step) / 750)),
          grad_norm: 0.7 + 0.2 * random() + 4 / step,
          step_ms,
          tokens_per_second: (TOKENS * 1000) / step_ms,
          flops_total: flops,
        }),
      );
      if (step % 75 === 0 || i === steps - 1) {
        const loss = lossAt(step, stage) + 0.03;
        event({
          type: "validation",
          step,
          loss,
          perplexity: Math.exp(loss),
          bits_per_byte: loss / Math.LN2,
          tokens: 60_000,
        });
      }
      if (i === steps - 1) {
        event(evaluation(step, 20 + 15 * stage));
        event({ type: "stage", step, stage, parameters, near_zero_share: 0.001, seconds: 0.1 });
        event({ type: "sample", step, prompt: "The function ", text: `of stage ${stage}` });
      }
      if (step === 300)
        // As the first versions wrote it.
        event({
          ...{ type: "resume", step },
          checkpoint: "/runs/mini/checkpoints/step-00000300.e0001",
        } as Extract<RunEvent, { type: "resume" }>);
      if (step === 412)
        event({
          type: "skip",
          action: "skip",
          step,
          reason: "non_finite",
          loss: null,
          grad_norm: null,
          limit: null,
        });
    }
  }
  const step = metrics.length;
  event({
    type: "sample",
    step,
    prompt: "The function ",
    text: "returns <b>the</b> first & last value that\nthe callback gives it.\n",
  });
  event({ type: "done", step, status: "done" });
  return { config: configText(), metrics, events };
}

/** Two groups: one whose score passes its floor, one that stays below. */
function evaluation(step: number, score: number): RunEvent {
  const group = (name: string, task: string, value: number, floor: number) => ({
    task: { name: task, group: name, n: 300, score: value, ci95: interval(value), floor },
    mean: { name, score: value, ci95: interval(value) },
  });
  const groups = [
    group("pattern mining", "pm_full_repeat", score, 25),
    group("symbolic mapping", "sm_bool", 30, 50),
  ];
  return {
    type: "evaluation",
    step,
    suite: "iq",
    tasks: groups.map(({ task }) => task),
    groups: groups.map(({ mean }) => mean),
    seconds: 1,
  };
}

function interval(score: number): [number, number] {
  return [score - 5, score + 5];
}

function lossAt(step: number, stage: number): number {
  return 1.55 + 4 / (1 + step / 14) ** 0.62 - 0.06 * stage;
}

/** Values from -1 to 1, the same in each run of the tests. */
function noise(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (2 * state) / 2_147_483_647 - 1;
  };
}

function configText(): string {
  const stages = STAGES.map(
    ({ name, num_layers, hidden_size }) =>
      `  - name: ${name}\n    num_layers: ${num_layers}\n    hidden_size: ${hidden_size}\n` +
      `    growth:\n      depth: stack\n`,
  );
  return `# Resolved by flm-train 0.1.0: every key, with its value in this run.\nname: flm-mini\nseed: 1\nhardware:\n  price_per_gpu_hour: 2\nstages:\n${stages.join("")}`;
}
