import type { Tokenizer } from "../data/types.ts";
import type { StagePlan } from "../growth/stage-plan.ts";
import { parameterTable } from "../scaling/parameters.ts";
import { ropeDivisors } from "../scaling/rope-divisors.ts";
import { type TokenizerUse, writeJson, writeTokenizer } from "./hf/write.ts";
import { writeSafetensors } from "./safetensors-writer.ts";
import { copied } from "./streamed-tensor.ts";
import type { WeightSource } from "./weight-source.ts";

/** Counts up when a reader of the layout would have to change: 2 is scaled RoPE, which readers of 1 do not know. */
const PLAIN_FORMAT = 1;
const SCALED_FORMAT = 2;
const SHARD_BYTES = 5e9;

export interface PlainOptions extends Pick<TokenizerUse, "chat_template"> {
  type: "f32" | "f16" | "bf16";
}

/**
 * Writes the weights under our own names with model.json, which says what the model computes: everything that
 * docs/export.md needs to compute logits, multipliers included, which are not folded into weights here.
 */
export async function writePlain(
  directory: string,
  plan: StagePlan,
  source: WeightSource,
  tokenizer: Tokenizer,
  { type, chat_template }: PlainOptions,
): Promise<void> {
  const { shape, scaling, logit_mult } = plan;
  const { rope_scaling, ...rest } = shape;
  const tensors = parameterTable(shape).map(({ name }) =>
    copied(source, name, name, { keepMatrix: name.endsWith(".weight") }),
  );
  const written = await writeSafetensors(directory, tensors, {
    type,
    shard_bytes: SHARD_BYTES,
    fileName: (index, count) => `weights-${index}-of-${count}.safetensors`,
  });
  writeJson(directory, "model.json", {
    format: rope_scaling === null ? PLAIN_FORMAT : SCALED_FORMAT,
    shape: {
      ...rest,
      ...(rope_scaling !== null && { rope_scaling, rope_divisors: ropeDivisors(shape) }),
      input_mult: scaling.input_mult,
      logit_mult,
      attention_scale: 1 / Math.sqrt(shape.head_size),
    },
    dtype: type,
    eos_token_id: tokenizer.eos_id,
    tensors: Object.fromEntries(
      written.map(({ name, shape: sizes, file }) => [name, { shape: sizes, file }]),
    ),
  });
  writeTokenizer(directory, tokenizer, { seq_length: shape.seq_length, chat_template });
}
