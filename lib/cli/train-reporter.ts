import type { PrepareProgress } from "../data/types.ts";
import type { RunEvent, StartInfo, StepRow, TrainObserver, TrainResult } from "../train/events.ts";
import { bytes, count, counted, digits, duration, flops, printable } from "../format.ts";
import { meshOf } from "../parallel/mesh.ts";
import type { Reaction } from "../train/stability/reaction.ts";
import { describe } from "../train/stability/rejection.ts";
import { fitted, LiveLine } from "./live-line.ts";
import { nextSteps } from "./next-steps.ts";
import { outcomeDoubt, type Validation } from "./outcome-doubt.ts";

/** How lines about a rejected step begin. */
const ACTIONS: Record<Reaction, string> = {
  skip: "skipped    ",
  replace: "new batch   for",
  rollback: "rejected   ",
  stop: "rejected   ",
};

/** Steps are told of at most this often: in the live line, and in lines of their own without a terminal. */
const LIVE_INTERVAL_MS = 50;
const PLAIN_INTERVAL_MS = 10_000;
/** Weight of the newest step in the shown loss and speed. */
const SMOOTHING = 0.1;

/** Tells a person how a run goes: a live line on a terminal, plain lines otherwise. */
export class TrainReporter implements TrainObserver {
  readonly #line: LiveLine;
  #info: StartInfo | null = null;
  #loss = Number.NaN;
  #stepMs = Number.NaN;
  #toldAt = -Infinity;
  readonly #validations: Validation[] = [];

  constructor(out: NodeJS.WritableStream) {
    this.#line = new LiveLine(out);
  }

  onPrepare({ phase, done, total }: PrepareProgress): void {
    const share = total ? ` of ${bytes(total)}` : "";
    this.#line.show(`${phase}: ${bytes(done)}${share}`);
  }

  onStart(info: StartInfo): void {
    this.#info = info;
    this.#line.clear();
    const last = info.stages.at(-1)!;
    const sizes = info.stages.map((stage) => count(stage.parameters)).join(" → ");
    this.#line.print(`run         ${info.run_dir}`);
    this.#line.print(`device      ${info.device.name}, ${info.precision}`);
    if (info.device_reason) this.#line.print(`            no GPU: ${info.device_reason}`);
    if (info.ranks > 1) this.#line.print(`ranks       ${info.ranks}: ${meshes(info)}`);
    if (info.communicator) this.#line.print(`            ${info.communicator}`);
    this.#line.print(`model       ${sizes} parameters, vocabulary ${vocabularies(info)}`);
    this.#line.print(
      `data        ${count(info.train_tokens)} training tokens, ${count(info.validation_tokens)} for validation`,
    );
    this.#line.print(
      `steps       ${info.total_steps}, the last of ${last.config.global_batch_size} × ${last.shape.seq_length} tokens`,
    );
  }

  onStep(row: StepRow): void {
    const smooth = (old: number, now: number) =>
      Number.isNaN(old) ? now : old + SMOOTHING * (now - old);
    if (!row.skipped) this.#loss = smooth(this.#loss, row.loss);
    this.#stepMs = smooth(this.#stepMs, row.step_ms);
    const { isTerminal } = this.#line;
    const isLast = row.step === this.#info?.total_steps;
    // Not the time of day, which a machine may set back: nothing would be told until it has come again.
    const now = performance.now();
    if (!isLast && now - this.#toldAt < (isTerminal ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS)) return;
    this.#toldAt = now;
    if (isTerminal) this.#line.show(this.#describe(row));
    else this.#line.print(this.#describe(row));
  }

  onEvent(event: RunEvent): void {
    if (event.type === "validation") this.#validations.push(event);
    const text = describeEvent(event);
    if (text !== null) this.#line.print(text);
    // A new shape has its own speed and, where growth does not preserve, its own loss.
    if (event.type === "growth") this.#loss = this.#stepMs = Number.NaN;
  }

  finish(result: TrainResult): void {
    this.#line.clear();
    const { status, steps, tokens, loss, validation_loss, bigram_loss, checkpoint } = result;
    const isOld = status === "done" && this.#info?.first_step === steps;
    this.#line.print(
      `${status.padEnd(12)}${counted(steps, "step")}, ${count(tokens)} tokens, loss ${nats(loss)}, ` +
        (validation_loss === null ? "no validation" : `validation ${nats(validation_loss)}`) +
        (bigram_loss === null ? "" : ` (bigram model ${nats(bigram_loss)})`),
    );
    if (isOld)
      this.#line.print("            by an earlier command: nothing was trained by this one");
    const doubt = this.#info && outcomeDoubt(this.#info, this.#validations, result);
    if (doubt) this.#line.print(`warning     ${doubt}`);
    if (checkpoint) this.#line.print(`checkpoint  ${checkpoint}`);
    for (const line of nextSteps(result)) this.#line.print(line);
  }

  note(text: string): void {
    this.#line.print(text);
  }

  close(): void {
    this.#line.clear();
  }

  #describe(row: StepRow): string {
    const total = this.#info?.total_steps ?? row.step;
    const percent = Math.floor((100 * row.step) / total);
    const left = ((total - row.step) * this.#stepMs) / 1000;
    const ramp = row.ramp < 1 ? [{ text: `ramp ${row.ramp.toFixed(2)}`, rank: 4 }] : [];
    const mfu = row.mfu === null ? "" : ` (${(100 * row.mfu).toFixed(1)} %)`;
    return fitted(
      [
        { text: `${String(percent).padStart(3)} %  step ${row.step}/${total}`, rank: 0 },
        ...ramp,
        { text: `loss ${this.#loss.toFixed(4)}`, rank: 1 },
        { text: `lr ${row.lr.toExponential(1)}`, rank: 5 },
        { text: `${count(row.tokens_per_second)} tokens/s`, rank: 3 },
        { text: `${flops(row.tflops)}${mfu}`, rank: 6 },
        { text: `${duration(left)} left`, rank: 2 },
      ],
      this.#line.width,
    );
  }
}

function nats(loss: number | null): string {
  return loss === null ? "-" : loss.toFixed(4);
}

/** "300 → 512", where it grows. */
function vocabularies({ stages, vocab_size }: StartInfo): string {
  const sizes = stages.map(({ config }) => Math.min(config.vocab_size ?? vocab_size, vocab_size));
  return [...new Set(sizes)].join(" → ");
}

/** "TP 2 (sequence) · PP 2 · DP 2 → PP 4", a mesh a stage, where it changes. */
function meshes({ stages, ranks }: StartInfo): string {
  const texts = stages.map(({ config, shape }) => {
    const mesh = meshOf(config.parallel, shape, ranks);
    const sizes = [
      [`TP ${mesh.tensor_parallel_size}`, mesh.tensor_parallel_size],
      [`PP ${mesh.pipeline_parallel_size}`, mesh.pipeline_parallel_size],
      [`DP ${mesh.data_parallel_size}`, mesh.data_parallel_size],
    ] as const;
    const split = sizes.filter(([, size]) => size > 1).map(([text]) => text);
    const sequence = config.parallel.sequence_parallel ? ", sequence parallel" : "";
    return split.length === 0 ? "one rank" : split.join(" · ") + sequence;
  });
  return texts.filter((text, i) => text !== texts[i - 1]).join(" → ");
}

function describeEvent(event: RunEvent): string | null {
  switch (event.type) {
    case "resume":
      return [
        `resuming    step ${event.step} from ${event.checkpoint}`,
        ...event.changed.map((change) => `changed     ${change}`),
      ].join("\n");
    case "warning":
      return `warning     ${printable(event.message)}`;
    case "baseline":
      return `baseline    an interpolated bigram model has validation loss ${event.bigram_loss.toFixed(4)}`;
    case "validation":
      return (
        `validation  step ${event.step}: loss ${event.loss.toFixed(4)}, perplexity ${event.perplexity.toFixed(1)}` +
        bitsPerByte(event)
      );
    case "preference":
      return (
        `validation  step ${event.step}: loss ${event.loss.toFixed(4)}, margin ${event.margin.toFixed(3)}, ` +
        `${(100 * event.accuracy).toFixed(1)} % of ${event.pairs} pairs as preferred`
      );
    case "evaluation":
      return describeScores(event);
    case "skip":
      return `${ACTIONS[event.action]} step ${event.step}: ${describe(event)}`;
    case "rollback":
      return (
        `went back   to step ${event.step}, because step ${event.rejected.step} had ${describe(event.rejected)}` +
        (event.lr_factor < 1 ? `; rates are now times ${digits(event.lr_factor)}` : "")
      );
    case "growth":
      return describeGrowth(event);
    case "sample":
      return `sample      ${JSON.stringify(event.prompt)} →\n${printable(event.text).replaceAll(/^/gm, "            ")}`;
    case "start":
    case "checkpoint":
    case "stage":
    case "failed":
    case "done":
      return null;
  }
}

function describeScores({
  step,
  suite,
  groups,
}: Extract<RunEvent, { type: "evaluation" }>): string {
  const means = groups.map(({ name, score }) => `${name} ${score.toFixed(1)} %`).join(", ");
  return `evaluation  step ${step}: ${suite}: ${means}`;
}

function describeGrowth(event: Extract<RunEvent, { type: "growth" }>): string {
  const { from, to } = event;
  const keys = Object.keys(to) as (keyof typeof to)[];
  const changes = keys
    .filter((key) => from[key] !== to[key])
    .map((key) => `${key} ${from[key]} → ${to[key]}`)
    .join(", ");
  const kept = event.preserving ? "" : ", not function-preserving";
  const { bits_per_byte: bits } = event;
  const loss = bits
    ? `${bits.before.toFixed(4)} → ${bits.after.toFixed(4)} bits per byte of one text`
    : `loss on one batch ${event.loss_before.toFixed(6)} → ${event.loss_after.toFixed(6)}`;
  return (
    `growth      step ${event.step}: ${count(event.parameters_before)} → ${count(event.parameters_after)} parameters` +
    ` (${changes || "the same shape"})\n            ${loss}${kept}, ${event.seconds.toFixed(1)} s`
  );
}

/** Of all, and of each of several sources. A label that is a special token has no bytes. */
function bitsPerByte({
  bits_per_byte,
  sources = [],
}: Extract<RunEvent, { type: "validation" }>): string {
  const withBytes = sources.filter((source) => Number.isFinite(source.bits_per_byte));
  const each = withBytes.map((source) => `${source.name} ${source.bits_per_byte.toFixed(3)}`);
  const all = Number.isFinite(bits_per_byte) ? `, ${bits_per_byte.toFixed(3)} bits per byte` : "";
  return each.length === 0 ? all : `${all} (${each.join(", ")})`;
}
