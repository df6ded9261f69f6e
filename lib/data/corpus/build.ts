import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FlmError } from "../../errors.ts";
import type { NativeBinding } from "../../native/types.ts";
import { hasChanged } from "../read/source-files.ts";
import type { DocumentTokenizer } from "../tokenizer/document-tokenizer.ts";
import { loadTokenizer } from "../tokenizer/load.ts";
import { withLabels } from "../tokenizer/labels.ts";
import { LABEL_NAMES } from "../tokenizer/read-special.ts";
import { trainTokenizer } from "../tokenizer/train.ts";
import { bigramLoss } from "./bigram-loss.ts";
import { readDocumentIndex } from "./document-index.ts";
import { writeDurably } from "./durable.ts";
import { changedWhileRead } from "./kept-documents.ts";
import type { PassOptions } from "./pass.ts";
import type { Recipe } from "./recipe.ts";
import { writeSummary } from "./summary.ts";
import { type Survey, surveyCorpus } from "./survey.ts";
import { spansPath } from "./supervised-spans.ts";
import { SUMMARY_FILE, TOKENIZER_FILE } from "./tokenized.ts";
import { type TargetBytes, tokenFileNames, tokenizeCorpus } from "./tokenize.ts";
import { tokenizerSample } from "./tokenizer-sample.ts";

export type DataNative = Pick<NativeBinding, "createBpeEncoder" | "createBpeTrainer" | "hashFile">;

/**
 * Reads, splits and tokenizes a corpus into the empty directory `work`. The text is read twice, with a tokenizer to
 * train three times, and never held in memory.
 */
export async function buildCorpus(
  recipe: Recipe,
  work: string,
  native: DataNative,
  options: PassOptions,
): Promise<void> {
  const { sources } = recipe;
  const warnings: string[] = [];
  const survey = await surveyCorpus(sources, recipe.validation_fraction, options);
  if (survey.repaired_documents > 0)
    warnings.push(
      `${survey.repaired_documents} documents are not valid UTF-8; what cannot be read became U+FFFD`,
    );
  const tokenizer = await makeTokenizer(recipe, survey, native, options, warnings);
  const json = tokenizer.toJson();
  if (json !== null) writeDurably(join(work, TOKENIZER_FILE), json);

  const measured = await tokenizeCorpus(sources, survey, tokenizer, work, options);
  const changed = sources.flatMap(({ files }) => files).find(hasChanged);
  if (changed) throw changedWhileRead(changed.path);

  const names = sources.map((_, source) => tokenFileNames(source));
  const training = names.map((name) => join(work, name.training));
  const validation = names.map((name) => join(work, name.validation));
  for (const [source, path] of training.entries())
    if (readDocumentIndex(path)!.count === 0)
      warnings.push(
        `data.sources.${source} has no training documents: all are duplicates, held out or empty; ` +
          "its weight goes to the other sources",
      );
  const isAllText = sources.every(({ samples }) => samples === "text");
  const beside = isAllText ? [] : [...training, ...validation].map(spansPath).filter(existsSync);
  writeSummary(join(work, SUMMARY_FILE), {
    fingerprint: await fingerprintOf(tokenizer, [...training, ...validation, ...beside], native),
    duplicate_documents: survey.duplicate_documents,
    bytes_per_token: bytesPerToken(measured),
    source_bytes_per_token: measured.map((own) => bytesPerToken([own])),
    // Of all tokens, it would not compare with a loss of some of them.
    bigram_loss: isAllText
      ? bigramLoss(training, validation, tokenizer.eos_id, tokenizer.vocab_size)
      : null,
    warnings,
  });
}

function bytesPerToken(measured: readonly TargetBytes[]): number {
  const targets = measured.reduce((sum, own) => sum + own.targets, 0);
  const bytes = measured.reduce((sum, own) => sum + own.bytes, 0);
  return targets === 0 ? 0 : bytes / targets;
}

async function makeTokenizer(
  { tokenizer: config, tokenizer_json, sources }: Recipe,
  survey: Survey,
  native: DataNative,
  options: PassOptions,
  warnings: string[],
): Promise<DocumentTokenizer> {
  const { has_labels } = survey;
  if (config.type === "bytes" && has_labels)
    throw new FlmError(
      "DATA_INVALID",
      "data.sources: labels true and false are special tokens, and tokenizer.type bytes has none",
      { hint: 'write each label as a text, such as "+" and "-", or use another tokenizer' },
    );
  if (config.type === "bytes") return loadTokenizer(native, "bytes");
  // They are part of the vocabulary that was asked for.
  const complete = (json: string) => (has_labels ? withLabels(json) : json);
  if (config.type === "file") return loadTokenizer(native, complete(tokenizer_json!), config.path!);
  const wanted = config.vocab_size! - (has_labels ? LABEL_NAMES.length : 0);
  const sample = tokenizerSample(sources, survey, options);
  const { json, vocab_size } = await trainTokenizer(native, sample, config.split, wanted);
  if (vocab_size < wanted)
    warnings.push(
      `tokenizer.vocab_size ${wanted} was not reached: the text has too few different words, ` +
        `and training ended with ${vocab_size} tokens`,
    );
  return loadTokenizer(native, complete(json));
}

async function fingerprintOf(
  tokenizer: DocumentTokenizer,
  paths: readonly string[],
  native: DataNative,
): Promise<string> {
  const hash = createHash("sha256").update(tokenizer.fingerprint);
  for (const path of paths) {
    const { size, xxh64 } = await native.hashFile(path);
    hash.update(` ${size} ${xxh64}`);
  }
  return hash.digest("hex").slice(0, 32);
}
