import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Manifest } from "../checkpoint/manifest.ts";
import { planResume } from "../checkpoint/plans.ts";
import { type Checkpoint, CheckpointStore, openCheckpoint } from "../checkpoint/store.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/types.ts";
import { loadTokenizer } from "../data/tokenizer/load.ts";
import type { Tokenizer } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import { NO_MASKS } from "../growth/ramp.ts";
import { engineSpecOf, planStages, rampOf, type StagePlan } from "../growth/stage-plan.ts";
import { encodeLoadPlan } from "../native/encode.ts";
import { decodeWritten } from "./decode.ts";
import { createEngine } from "../native/engine.ts";
import { loadNative } from "../native/load.ts";
import { choosePlacement } from "../native/placement.ts";
import type { NativeBinding, NativeEngine } from "../native/types.ts";

export interface GenerateOptions {
  /** Longest continuation, in tokens. */
  max_tokens?: number;
  /** 0 takes the likeliest token each time. */
  temperature?: number;
  /** 0 keeps all tokens. */
  top_k?: number;
  /** 1 keeps all tokens. */
  top_p?: number;
  /** 1 penalises nothing. */
  repetition_penalty?: number;
  seed?: number;
  signal?: AbortSignal;
}

const DEFAULTS = {
  max_tokens: 128,
  temperature: 0.8,
  top_k: 0,
  top_p: 0.95,
  repetition_penalty: 1,
  seed: 1,
};

/** Tokens of one native call while streaming: few enough for text to flow, enough to keep calls cheap. */
const TOKENS_PER_CALL = 4;

/** A trained model that is ready to write. */
export class Generation {
  readonly checkpoint: Checkpoint;
  /** What the user should know about the checkpoint before trusting the text. */
  readonly warnings: readonly string[];
  readonly #engine: NativeEngine;
  readonly #tokenizer: Tokenizer;

  constructor({ checkpoint, warnings }: Found, engine: NativeEngine, tokenizer: Tokenizer) {
    this.checkpoint = checkpoint;
    this.warnings = warnings;
    this.#engine = engine;
    this.#tokenizer = tokenizer;
  }

  /**
   * The continuation of `prompt`, piece by piece as it comes. Ends with the end-of-text token, with `max_tokens`, or
   * when the context is full.
   */
  async *stream(prompt: string, options: GenerateOptions = {}): AsyncGenerator<string, void> {
    const { signal, ...rest } = options;
    const { max_tokens, ...sampling } = { ...DEFAULTS, ...rest };
    checkOptions({ max_tokens, ...sampling });
    const tokens = await this.#tokenizer.encode(prompt);
    const written: number[] = [];
    let shown = "";
    let next = tokens.length > 0 ? tokens : Int32Array.of(this.#tokenizer.eos_id);
    let reset = true;
    while (written.length < max_tokens) {
      signal?.throwIfAborted();
      const report = await this.#engine.generate({
        ...sampling,
        tokens: next,
        reset,
        max_tokens: Math.min(TOKENS_PER_CALL, max_tokens - written.length),
        stop_tokens: Int32Array.of(this.#tokenizer.eos_id),
      });
      next = new Int32Array();
      reset = false;
      written.push(...report.tokens);
      const isOver = report.stopped || report.full || written.length >= max_tokens;
      const text = decodeWritten(this.#tokenizer, written);
      // The bytes of a character may still be on their way; they show as replacement characters until then.
      const whole = isOver ? text : text.replace(/\ufffd+$/, "");
      yield whole.slice(shown.length);
      shown = whole;
      if (isOver) return;
    }
  }

  async text(prompt: string, options: GenerateOptions = {}): Promise<string> {
    let text = "";
    for await (const piece of this.stream(prompt, options)) text += piece;
    return text;
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

/**
 * Loads a model to generate with. `path` is a checkpoint, or a run's directory, whose newest checkpoint is taken.
 *
 * @throws FlmError CHECKPOINT_NOT_FOUND, CHECKPOINT_INVALID, TOKENIZER_INVALID.
 */
export async function openGeneration(path: string): Promise<Generation> {
  const native = loadNative();
  const found = await findCheckpoint(resolve(path), native);
  const { checkpoint } = found;
  const runDirectory = dirname(dirname(checkpoint.directory));
  const { config } = loadConfig(join(runDirectory, "config.yaml"), { unsupported: "allow" });
  const tokenizer = await runTokenizer(runDirectory, config, native);
  const plan = planStages(config, tokenizer.vocab_size)[checkpoint.manifest.stage]!;
  const spec = engineSpecOf(config, plan, choosePlacement(config, native).engine, false);
  const engine = await createEngine({ ...spec, micro_batch_size: 1, masks: NO_MASKS });
  await engine.load(encodeLoadPlan(planResume(checkpoint.directory, checkpoint.manifest)));
  const warnings = [...found.warnings, ...rampWarnings(plan, checkpoint.manifest)];
  return new Generation({ checkpoint, warnings }, engine, tokenizer);
}

/** Generation runs the plain kernels: it has no masks. */
function rampWarnings(plan: StagePlan, { step, stage_step }: Manifest): string[] {
  const { hidden: m } = rampOf(plan, stage_step);
  const hasMasks = Object.values(plan.masks).some((mask) => mask.length > 0);
  if (m === 1 || !hasMasks) return [];
  const end = step - stage_step + plan.growth!.ramp_steps;
  return [
    `step ${step} lies within a growth ramp (m = ${m.toFixed(2)}) and the text is that of its open end (m = 1): ` +
      `a checkpoint of step ${end} or later is better`,
  ];
}

interface Found {
  checkpoint: Checkpoint;
  warnings: string[];
}

async function findCheckpoint(path: string, native: NativeBinding): Promise<Found> {
  const hash = (file: string) => native.hashFile(file);
  if (!existsSync(path) || !statSync(path).isDirectory())
    throw new FlmError("CHECKPOINT_NOT_FOUND", `there is no directory ${path}`, {
      hint: "name a run like runs/NAME, or a checkpoint in it",
    });
  if (existsSync(join(path, "manifest.json")))
    return { checkpoint: await openCheckpoint(path, hash), warnings: [] };
  const store = new CheckpointStore(join(path, "checkpoints"));
  const { checkpoint, rejected } = await store.newest(hash);
  const warnings = rejected.map(({ directory, reason }) => `passed over ${directory}: ${reason}`);
  if (checkpoint) return { checkpoint, warnings };
  throw new FlmError("CHECKPOINT_NOT_FOUND", `${path} holds no checkpoint`, {
    hint: "name a run like runs/NAME that has trained up to its first checkpoint",
  });
}

async function runTokenizer(
  runDirectory: string,
  config: Config,
  native: NativeBinding,
): Promise<Tokenizer> {
  if (config.tokenizer.type === "bytes") return loadTokenizer(native, "bytes");
  const path = join(runDirectory, "tokenizer.json");
  if (!existsSync(path))
    throw new FlmError("TOKENIZER_INVALID", `${path} is missing`, {
      hint: "copy the tokenizer.json of the run there",
    });
  return loadTokenizer(native, readFileSync(path, "utf8"));
}

function checkOptions(options: Required<Omit<GenerateOptions, "signal">>): void {
  const rules: [keyof typeof options, (value: number) => boolean, string][] = [
    ["max_tokens", (value) => Number.isInteger(value) && value >= 1, "a whole number from 1 on"],
    ["temperature", (value) => value >= 0 && Number.isFinite(value), "0 or more"],
    ["top_k", (value) => Number.isInteger(value) && value >= 0, "a whole number from 0 on"],
    ["top_p", (value) => value > 0 && value <= 1, "above 0 and at most 1"],
    ["repetition_penalty", (value) => value > 0 && Number.isFinite(value), "above 0"],
    ["seed", (value) => Number.isSafeInteger(value) && value >= 0, "a whole number from 0 on"],
  ];
  for (const [key, holds, rule] of rules)
    if (!holds(options[key]))
      throw new FlmError("INVALID_ARGUMENT", `${key} is ${options[key]}; it must be ${rule}`);
}
