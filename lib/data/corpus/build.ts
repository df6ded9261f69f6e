import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NativeBinding } from "../../native/types.ts";
import { FlmError } from "../../errors.ts";
import { hasChanged } from "../read/source-files.ts";
import type { DocumentTokenizer } from "../tokenizer/document-tokenizer.ts";
import { bigramLoss } from "./bigram-loss.ts";
import { readDocumentIndex } from "./document-index.ts";
import { withoutDamagedFiles } from "./damaged-files.ts";
import { changedWhileRead } from "./kept-documents.ts";
import { makeTokenizer } from "./make-tokenizer.ts";
import type { PassOptions, ReadingOptions } from "./pass.ts";
import type { Recipe } from "./recipe.ts";
import { writeSummary } from "./summary.ts";
import { type Survey, surveyCorpus } from "./survey.ts";
import { spansPath } from "./supervised-spans.ts";
import { SUMMARY_FILE } from "./tokenized.ts";
import { type TargetBytes, tokenFileNames, tokenizeCorpus } from "./tokenize.ts";

export type DataNative = Pick<NativeBinding, "createBpeEncoder" | "createBpeTrainer" | "hashFile">;

/**
 * Reads, splits and tokenizes a corpus into the directory `work`, which is empty or holds what an interrupted build of
 * the same recipe left there. The text is read twice, with a tokenizer to train three times, and never held in memory.
 *
 * @throws FlmError DATA_EMPTY when there is no text at all
 */
export async function buildCorpus(
  recipe: Recipe,
  work: string,
  native: DataNative,
  options: PassOptions,
): Promise<void> {
  // Nothing is written behind it.
  if (existsSync(join(work, SUMMARY_FILE))) return removeScaffolding(work);
  const warnings: string[] = [];
  let { sources } = recipe;
  const reading: ReadingOptions = { ...options };
  if (recipe.on_bad_row === "skip") {
    reading.onBadRow = () => {};
    sources = await withoutDamagedFiles(sources, ({ message }) =>
      warnings.push(`left out by data.on_bad_row: ${message}`),
    );
  }
  const damaged_files = warnings.length;
  const survey = await surveyCorpus(sources, recipe.validation_fraction, work, reading);
  warnings.push(...surveyWarnings(survey));
  if (survey.fates.length === 0) throw withoutText(warnings);
  const made = await makeTokenizer(recipe, { sources, survey, work }, native, reading);
  const { tokenizer } = made;
  warnings.push(...made.warnings);

  const measured = await tokenizeCorpus(sources, survey, tokenizer, work, reading);
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
    bad_rows: damaged_files + survey.bad_rows.reduce((sum, { count }) => sum + count, 0),
    bytes_per_token: bytesPerToken(measured),
    source_bytes_per_token: measured.map((own) => bytesPerToken([own])),
    // Of all tokens, it would not compare with a loss of some of them.
    bigram_loss: isAllText
      ? bigramLoss(training, validation, tokenizer.eos_id, tokenizer.vocab_size)
      : null,
    warnings,
  });
  removeScaffolding(work);
}

/** @param leftOut is why, where there would be text otherwise. */
function withoutText(leftOut: readonly string[]): FlmError {
  const message = ["data.sources: there is no text in any of the files", ...leftOut].join("; ");
  return new FlmError("DATA_EMPTY", message, {
    hint:
      leftOut.length > 0
        ? "mend what was left out, or name another data.sources[].field"
        : "name files that are not empty, or another data.sources[].field",
  });
}

function surveyWarnings({ repaired_documents, first_repaired, bad_rows }: Survey): string[] {
  const warnings = bad_rows.flatMap(({ count, first }, source) =>
    count === 0
      ? []
      : [
          `${count} ${count === 1 ? "row" : "rows"} of data.sources.${source} left out by data.on_bad_row; ` +
            `the first: ${first}`,
        ],
  );
  if (repaired_documents > 0)
    warnings.push(
      `${repaired_documents} ${repaired_documents === 1 ? "document is" : "documents are"} not valid UTF-8; ` +
        `what cannot be read became U+FFFD; the first is in ${first_repaired}`,
    );
  return warnings;
}

/** Removes what only an interrupted build would need. */
function removeScaffolding(work: string): void {
  for (const name of readdirSync(work))
    if (/^survey\.|^tokenized\.json|^dropped-words\.json|\.(ends|part)$/.test(name))
      rmSync(join(work, name));
}

function bytesPerToken(measured: readonly TargetBytes[]): number {
  const targets = measured.reduce((sum, own) => sum + own.targets, 0);
  const bytes = measured.reduce((sum, own) => sum + own.bytes, 0);
  return targets === 0 ? 0 : bytes / targets;
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
