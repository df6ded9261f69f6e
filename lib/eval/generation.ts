import type { Checkpoint } from "../checkpoint/store.ts";
import type { Tokenizer } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import type { NativeEngine } from "../native/types.ts";
import { type ModelPlace, ONE_PROCESS } from "./model-place.ts";
import {
  createModelEngine,
  findModelTogether,
  rampWarnings,
  type TrainedModel,
  type Weights,
} from "./open-model.ts";
import { TextStream } from "./text-stream.ts";
import { type Finish, type Sampling, writeTokens } from "./write-tokens.ts";

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
  /** Equal seeds give equal texts. */
  seed?: number;
  /** The text ends in front of the first of these strings. */
  stop?: readonly string[];
  signal?: AbortSignal;
}

export interface TextsOptions extends Omit<GenerateOptions, "seed"> {
  /** Of all prompts, or of each. */
  seed?: number | readonly number[];
  /** Hears of each text as soon as it is there. */
  onText?: (index: number, text: string, finish: Finish) => void;
}

export const DEFAULT_SEED = 1;

const DEFAULTS = {
  max_tokens: 128,
  temperature: 0.8,
  top_k: 0,
  top_p: 0.95,
  repetition_penalty: 1,
  seed: DEFAULT_SEED,
  stop: [] as readonly string[],
};

/** A trained model that is ready to write: one call at a time, since the engine has one cache. */
export class Generation {
  readonly checkpoint: Checkpoint;
  /** What the user should know about the checkpoint before trusting the text. */
  readonly warnings: readonly string[];
  readonly #engine: NativeEngine;
  readonly #tokenizer: Tokenizer;
  readonly #stop_tokens: readonly number[];
  readonly #seq_length: number;

  constructor(model: TrainedModel, engine: NativeEngine) {
    this.checkpoint = model.checkpoint;
    this.warnings = [...model.warnings, ...rampWarnings(model, "the text is that")];
    this.#engine = engine;
    this.#tokenizer = model.tokenizer;
    this.#stop_tokens = model.config.eval.stop_tokens;
    this.#seq_length = model.plan.shape.seq_length;
  }

  /**
   * The continuation of `prompt`, piece by piece as it comes. Ends with the end-of-text token or another of `eval.stop_tokens`, in front of a stop
   * string, with `max_tokens`, or when the context is full.
   */
  async *stream(prompt: string, options: GenerateOptions = {}): AsyncGenerator<string, void> {
    const { max_tokens, seed, stop, sampling, signal } = completed(options);
    const [encoded] = await encodePrompts([prompt], this.#tokenizer, this.#seq_length);
    const requests = [{ prompt: encoded!, max_tokens, seed }];
    const text = new TextStream(this.#tokenizer, stop);
    for await (const progress of writeTokens(this.#engine, requests, {
      sampling,
      tokenizer: this.#tokenizer,
      stop_tokens: this.#stop_tokens,
      signal,
    })) {
      const { piece, over } = text.read(progress);
      yield piece;
      if (over) return;
    }
  }

  async text(prompt: string, options: GenerateOptions = {}): Promise<string> {
    let text = "";
    for await (const piece of this.stream(prompt, options)) text += piece;
    return text;
  }

  /**
   * The continuations of several prompts, written side by side: each is what `text` gives for its prompt and seed
   * (on a GPU up to rounding).
   */
  async texts(prompts: readonly string[], options: TextsOptions = {}): Promise<string[]> {
    const { seed = DEFAULTS.seed, onText, ...rest } = options;
    const seeds = typeof seed === "number" ? prompts.map(() => seed) : seed;
    if (seeds.length !== prompts.length)
      throw new FlmError(
        "INVALID_ARGUMENT",
        `there are ${seeds.length} seeds for ${prompts.length} prompts`,
        { hint: "give one seed, or one for each prompt" },
      );
    for (const each of seeds) completed({ ...rest, seed: each });
    const { max_tokens, stop, sampling, signal } = completed(rest);
    const encoded = await encodePrompts(prompts, this.#tokenizer, this.#seq_length);
    const requests = encoded.map((prompt, i) => ({ prompt, max_tokens, seed: seeds[i]! }));
    const texts = prompts.map(() => new TextStream(this.#tokenizer, stop));
    const isOver = (index: number, tokens: readonly number[]) =>
      texts[index]!.read({ tokens, finish: null }).over;
    const stop_tokens = this.#stop_tokens;
    const writing = { sampling, tokenizer: this.#tokenizer, stop_tokens, isOver, signal };
    for await (const progress of writeTokens(this.#engine, requests, writing)) {
      const { index, finish } = progress;
      if (finish === null) continue;
      const text = texts[index]!;
      text.read(progress);
      onText?.(index, text.text, text.isCut ? "stop" : finish);
    }
    return texts.map(({ text }) => text);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

/**
 * Loads a model to generate with. `path` is a checkpoint, or a run's directory, whose newest checkpoint is taken.
 * `weights` are what its weights are held in, by default what it was trained in. Of several ranks that hold it together,
 * each says its `place`, and all write the same.
 *
 * @throws FlmError CHECKPOINT_NOT_FOUND, CHECKPOINT_INVALID, TOKENIZER_INVALID.
 */
export async function openGeneration(
  path: string,
  { weights }: { weights?: Weights } = {},
  place: ModelPlace = ONE_PROCESS,
): Promise<Generation> {
  const model = await findModelTogether(path, place.ranks);
  return new Generation(model, await createModelEngine(model, 1, { weights, place }));
}

/**
 * What `texts` would refuse, without an engine.
 *
 * @throws FlmError INVALID_ARGUMENT
 */
export async function checkPrompts(
  { tokenizer, plan }: TrainedModel,
  prompts: readonly string[],
  options: GenerateOptions,
): Promise<void> {
  completed(options);
  await encodePrompts(prompts, tokenizer, plan.shape.seq_length);
}

/** Tokens of each prompt, at least one. @throws FlmError INVALID_ARGUMENT for one that is too long */
function encodePrompts(
  prompts: readonly string[],
  tokenizer: Tokenizer,
  seq_length: number,
): Promise<Int32Array[]> {
  const nameOf = (index: number) =>
    prompts.length === 1 ? "the prompt" : `prompt ${index + 1} of ${prompts.length}`;
  const encode = async (prompt: string, index: number) => {
    const tokens = await tokenizer.encode(prompt);
    if (tokens.length > seq_length)
      throw new FlmError(
        "INVALID_ARGUMENT",
        `${nameOf(index)} has ${tokens.length} tokens, the model's seq_length is ${seq_length}`,
        { hint: "shorten it" },
      );
    return tokens.length > 0 ? tokens : Int32Array.of(tokenizer.eos_id);
  };
  return Promise.all(prompts.map(encode));
}

/** With defaults. @throws FlmError INVALID_ARGUMENT */
function completed(options: GenerateOptions): Required<Omit<GenerateOptions, "signal">> & {
  sampling: Sampling;
  signal: AbortSignal | undefined;
} {
  const { signal, ...rest } = options;
  const all = { ...DEFAULTS, ...rest };
  for (const [key, holds, rule] of RULES)
    if (!holds(all[key]))
      throw new FlmError("INVALID_ARGUMENT", `${key} is ${all[key]}; it must be ${rule}`);
  if (all.stop.includes(""))
    throw new FlmError(
      "INVALID_ARGUMENT",
      "stop has an empty string, which every text begins with",
      {
        hint: "leave it out",
      },
    );
  const { temperature, top_k, top_p, repetition_penalty } = all;
  return { ...all, signal, sampling: { temperature, top_k, top_p, repetition_penalty } };
}

type NumberOption = Exclude<keyof typeof DEFAULTS, "stop">;

const RULES: readonly [NumberOption, (value: number) => boolean, string][] = [
  ["max_tokens", (value) => Number.isInteger(value) && value >= 1, "a whole number from 1 on"],
  ["temperature", (value) => value >= 0 && Number.isFinite(value), "0 or more"],
  ["top_k", (value) => Number.isInteger(value) && value >= 0, "a whole number from 0 on"],
  ["top_p", (value) => value > 0 && value <= 1, "above 0 and at most 1"],
  ["repetition_penalty", (value) => value >= 0.01 && value <= 100, "from 0.01 to 100"],
  ["seed", (value) => Number.isSafeInteger(value) && value >= 0, "a whole number from 0 on"],
];
