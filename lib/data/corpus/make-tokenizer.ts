import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FlmError } from "../../errors.ts";
import type { NativeBinding } from "../../native/types.ts";
import type { Source } from "../read/documents.ts";
import type { DocumentTokenizer } from "../tokenizer/document-tokenizer.ts";
import { withLabels } from "../tokenizer/labels.ts";
import { loadTokenizer } from "../tokenizer/load.ts";
import { LABEL_NAMES } from "../tokenizer/read-added.ts";
import { trainTokenizer } from "../tokenizer/train.ts";
import { replaceDurably } from "./durable.ts";
import type { ReadingOptions } from "./pass.ts";
import type { Recipe } from "./recipe.ts";
import type { Survey } from "./survey.ts";
import { TOKENIZER_FILE } from "./tokenized.ts";
import { tokenizerSample } from "./tokenizer-sample.ts";

/** Beside a trained tokenizer while the corpus is built: how many words its training gave up. */
const DROPPED_WORDS_FILE = "dropped-words.json";
/** The 256 bytes, the token that ends a document, and the labels. */
const LEAST_WITH_LABELS = 257 + LABEL_NAMES.length;

export interface SurveyedCorpus {
  sources: readonly Source[];
  survey: Survey;
  /** Directory of what is being built. */
  work: string;
}

export interface MadeTokenizer {
  tokenizer: DocumentTokenizer;
  warnings: string[];
}

/**
 * Trains or loads a recipe's tokenizer, and keeps it in `work`, where an interrupted build finds it.
 *
 * @throws FlmError DATA_INVALID for labels without a special token, CONFIG_INVALID for a vocabulary without room for them;
 *   what reading and loading throw
 */
export async function makeTokenizer(
  { tokenizer: config, tokenizer_json }: Recipe,
  { sources, survey, work }: SurveyedCorpus,
  native: Pick<NativeBinding, "createBpeEncoder" | "createBpeTrainer">,
  options: ReadingOptions,
): Promise<MadeTokenizer> {
  const { has_labels } = survey;
  if (config.type === "bytes" && has_labels)
    throw new FlmError(
      "DATA_INVALID",
      "data.sources: labels true and false are special tokens, and tokenizer.type bytes has none",
      { hint: 'write each label as a text, such as "+" and "-", or use another tokenizer' },
    );
  if (config.type === "bpe" && has_labels && config.vocab_size! < LEAST_WITH_LABELS)
    throw new FlmError(
      "CONFIG_INVALID",
      `tokenizer.vocab_size: ${config.vocab_size} must be at least ${LEAST_WITH_LABELS} with labels true and false`,
      {
        hint: `use ${LEAST_WITH_LABELS} or more, for the labels are tokens too; or write each label as a text, such as "+" and "-"`,
      },
    );
  const warnings: string[] = [];
  if (config.type === "bytes") return { tokenizer: loadTokenizer(native, "bytes"), warnings };
  // Special tokens are part of the vocabulary that was asked for.
  const complete = (json: string) => (has_labels ? withLabels(json) : json);
  const make = async () => {
    if (config.type === "file") return complete(tokenizer_json!);
    const wanted = config.vocab_size! - (has_labels ? LABEL_NAMES.length : 0);
    const sample = tokenizerSample(sources, survey, options);
    const trained = await trainTokenizer(native, sample, config.split, wanted);
    replaceDurably(join(work, DROPPED_WORDS_FILE), String(trained.dropped_words));
    return complete(trained.json);
  };
  const path = join(work, TOKENIZER_FILE);
  const isKept = existsSync(path);
  const json = isKept ? readFileSync(path, "utf8") : await make();
  const tokenizer = loadTokenizer(native, json, config.path ?? undefined);
  if (!isKept) replaceDurably(path, tokenizer.toJson()!);
  const dropped = droppedWords(work);
  if (dropped > 0)
    warnings.push(
      `the text has more different words than a tokenizer's training counts (32 MiB of them): ` +
        `${dropped} rare ones were left out, and others as rare stand for them`,
    );
  if (config.type === "bpe" && tokenizer.vocab_size < config.vocab_size!)
    warnings.push(
      `tokenizer.vocab_size ${config.vocab_size} was not reached: the text has too few different words, ` +
        `and training ended with ${tokenizer.vocab_size} tokens`,
    );
  return { tokenizer, warnings };
}

/** None without that file: the tokenizer was not trained here. */
function droppedWords(work: string): number {
  const path = join(work, DROPPED_WORDS_FILE);
  return existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
}
