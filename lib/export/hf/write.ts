import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Tokenizer } from "../../data/types.ts";
import { ioError } from "../../errors.ts";
import type { FloatType } from "../floats.ts";
import { FLOAT_BYTES } from "../floats.ts";
import { type WrittenTensor, writeSafetensors } from "../safetensors-writer.ts";
import { elementCount } from "../streamed-tensor.ts";
import { specialTokens, tokenizerJson } from "../tokenizer-json.ts";
import type { HfModel } from "./model.ts";

/** transformers' own size of a shard. */
const SHARD_BYTES = 5e9;

/** What transformers calls our number formats. */
const TORCH_NAMES = { f32: "float32", f16: "float16", bf16: "bfloat16" } as const;

/**
 * Whose form the files have. Where config.json names no version, transformers takes every tokenizer of more than 100,000 tokens
 * for that of an old Mistral, warns, and advises what would cut other words.
 */
const TRANSFORMERS_VERSION = "5.0.0";

/** What a tokenizer's files say of its model. */
export interface TokenizerUse {
  /** Longest text in tokens. */
  seq_length: number;
  /** Of a model that was tuned on conversations: Jinja that lays them out. */
  chat_template?: string;
}

export interface HfOptions extends TokenizerUse {
  /** Tokens that end what the model writes, beside the one that ends a text. */
  stop_tokens?: readonly number[];
  type: keyof typeof TORCH_NAMES;
  shard_bytes?: number;
}

/** Writes a directory that `AutoModelForCausalLM` and `AutoTokenizer` load. */
export async function writeHf(
  directory: string,
  { config, tensors }: HfModel,
  tokenizer: Tokenizer,
  { type, stop_tokens = [], shard_bytes = SHARD_BYTES, ...use }: HfOptions,
): Promise<void> {
  const written = await writeSafetensors(directory, tensors, {
    type,
    shard_bytes,
    fileName: (index, count) =>
      count === 1 ? "model.safetensors" : `model-${five(index)}-of-${five(count)}.safetensors`,
  });
  if (new Set(written.map(({ file }) => file)).size > 1)
    writeJson(directory, "model.safetensors.index.json", indexOf(written, type));
  const { eos_id } = tokenizer;
  const eos_token_id = stop_tokens.length > 0 ? [eos_id, ...stop_tokens] : eos_id;
  const ends = { bos_token_id: eos_id, eos_token_id };
  writeJson(directory, "config.json", {
    ...config,
    ...ends,
    use_cache: true,
    torch_dtype: TORCH_NAMES[type],
    transformers_version: TRANSFORMERS_VERSION,
  });
  writeJson(directory, "generation_config.json", ends);
  writeTokenizer(directory, tokenizer, use);
}

/** Also what the plain layout has of a tokenizer. */
export function writeTokenizer(
  directory: string,
  tokenizer: Tokenizer,
  { seq_length, chat_template }: TokenizerUse,
): void {
  const json = tokenizerJson(tokenizer);
  const name = specialTokens(json).get(tokenizer.eos_id);
  writeText(directory, "tokenizer.json", json);
  writeJson(directory, "tokenizer_config.json", {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: name,
    eos_token: name,
    // transformers pads no batch without one.
    pad_token: name,
    model_max_length: seq_length,
    clean_up_tokenization_spaces: false,
    chat_template,
  });
}

export function writeJson(directory: string, name: string, value: unknown): void {
  writeText(directory, name, `${JSON.stringify(value, null, 2)}\n`);
}

function writeText(directory: string, name: string, text: string): void {
  const path = join(directory, name);
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw ioError("write", path, cause);
  }
}

function indexOf(written: readonly WrittenTensor[], type: FloatType): object {
  const values = written.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return {
    metadata: { total_size: values * FLOAT_BYTES[type] },
    weight_map: Object.fromEntries(written.map(({ name, file }) => [name, file])),
  };
}

function five(number: number): string {
  return String(number).padStart(5, "0");
}
