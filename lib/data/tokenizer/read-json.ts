import type { BpeModel } from "./bpe-tokenizer.ts";
import { invalidTokenizer, isAbsent, isObject, type JsonObject, show } from "./json-object.ts";
import { endOfTextId, labelIds, readAddedTokens } from "./read-added.ts";
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
  const { decoder, model } = file;
  if (!isObject(model)) throw invalidTokenizer("model is missing");
  if (!isAbsent(decoder) && !(isObject(decoder) && decoder.type === "ByteLevel"))
    throw invalidTokenizer(`decoder ${show(decoder)} is not ByteLevel`);
  checkModel(model);
  const { special, words } = readAddedTokens(file.added_tokens);
  const nfc = readNormalizer(file.normalizer);
  const composed = nfc ? [...words.values()].find((word) => !isAscii(word)) : undefined;
  if (composed !== undefined)
    throw invalidTokenizer(
      `added_tokens: ${show(composed)} is not special, and finding it in front of the normalizer NFC is not supported`,
    );
  return {
    nfc,
    split: readSplit(file.pre_tokenizer),
    whole_words: model.ignore_merges === true,
    vocabulary: readVocabulary(model, { special, words }),
    eos_id: endOfTextId(special),
    label_ids: labelIds(special),
    special,
    words,
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
  for (const key of ["continuing_subword_prefix", "end_of_word_suffix"] as const)
    if (!isAbsent(model[key]))
      throw invalidTokenizer(`model.${key} ${show(model[key])} is not supported`);
  if (!isAbsent(model.dropout) && model.dropout !== 0)
    throw invalidTokenizer(`model.dropout ${show(model.dropout)} is not supported: it is random`);
}

/** Whether text is brought to NFC; any other change is refused. */
function readNormalizer(normalizer: unknown): boolean {
  if (isAbsent(normalizer)) return false;
  const steps: unknown[] =
    isObject(normalizer) && normalizer.type === "Sequence" && Array.isArray(normalizer.normalizers)
      ? normalizer.normalizers
      : [normalizer];
  for (const step of steps)
    if (!isObject(step) || step.type !== "NFC")
      throw invalidTokenizer(`normalizer ${show(step)} is not supported: it changes the text`);
  return steps.length > 0;
}

/** Such a word NFC neither makes nor takes apart. */
function isAscii(word: string): boolean {
  return Buffer.byteLength(word) === word.length;
}
