import type { Checkpoint } from "../checkpoint/store.ts";
import type { Tokenizer } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import type { NativeEngine } from "../native/types.ts";
import { decodeWritten } from "./decode.ts";
import { createModelEngine, findModel, rampWarnings, type TrainedModel } from "./open-model.ts";

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

  constructor(model: TrainedModel, engine: NativeEngine) {
    this.checkpoint = model.checkpoint;
    this.warnings = [...model.warnings, ...rampWarnings(model, "the text is that")];
    this.#engine = engine;
    this.#tokenizer = model.tokenizer;
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
  const model = await findModel(path);
  return new Generation(model, await createModelEngine(model, 1));
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
