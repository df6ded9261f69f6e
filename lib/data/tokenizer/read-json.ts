import type { BpeModel } from "./bpe-tokenizer.ts";
import { invalidTokenizer, isAbsent, isObject, type JsonObject, show } from "./json-object.ts";
import { endOfTextId, labelIds, readSpecialTokens } from "./read-special.ts";
import { readSplit } from "./read-split.ts";
import { readVocabulary } from "./read-vocabulary.ts";

/**
 * Reads Hugging Face's tokenizer.json of a byte-level BPE tokenizer. Ids are kept.
 *
 * `post_processor`, `truncation` and `padding` are passed over: they act on finished sequences, which are laid out
 * by the trainer here.
 *
 * @throws FlmError TOKENIZER_INVALID, naming the field, for everything that could not be reproduced exactly
 */
export function readTokenizerJson(json: string): BpeModel {
  const file = parse(json);
  const { normalizer, decoder, model } = file;
  if (!isObject(model)) throw invalidTokenizer("model is missing");
  if (!isAbsent(normalizer) && !isEmptySequence(normalizer))
    throw invalidTokenizer(`normalizer ${show(normalizer)} is not supported: it changes the text`);
  if (!isAbsent(decoder) && !(isObject(decoder) && decoder.type === "ByteLevel"))
    throw invalidTokenizer(`decoder ${show(decoder)} is not ByteLevel`);
  checkModel(model);
  const special = readSpecialTokens(file.added_tokens);
  return {
    split: readSplit(file.pre_tokenizer),
    vocabulary: readVocabulary(model, special),
    eos_id: endOfTextId(special),
    label_ids: labelIds(special),
    special,
    json,
  };
}

function parse(json: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw invalidTokenizer(
      `not JSON: ${(cause as Error).message}`,
      "name a tokenizer.json; the name of a file with tiktoken's ranks has to end in .tiktoken",
      cause,
    );
  }
  if (!isObject(value)) throw invalidTokenizer("not a JSON object");
  return value;
}

function checkModel(model: JsonObject): void {
  // Files of early versions leave the type out.
  if (model.type !== undefined && model.type !== "BPE")
    throw invalidTokenizer(`model.type ${show(model.type)} is not BPE`);
  if (model.ignore_merges === true)
    throw invalidTokenizer(
      "model.ignore_merges true is not supported: whole words would be looked up in front of the merges",
    );
  for (const key of ["continuing_subword_prefix", "end_of_word_suffix"] as const)
    if (!isAbsent(model[key]))
      throw invalidTokenizer(`model.${key} ${show(model[key])} is not supported`);
  if (!isAbsent(model.dropout) && model.dropout !== 0)
    throw invalidTokenizer(`model.dropout ${show(model.dropout)} is not supported: it is random`);
}

function isEmptySequence(normalizer: unknown): boolean {
  if (!isObject(normalizer) || normalizer.type !== "Sequence") return false;
  return Array.isArray(normalizer.normalizers) && normalizer.normalizers.length === 0;
}
