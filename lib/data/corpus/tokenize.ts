import { join } from "node:path";
import type { Source } from "../read/documents.ts";
import type { DocumentTokenizer, EncodedDocuments } from "../tokenizer/document-tokenizer.ts";
import { batches, type DocumentBatch } from "./batches.ts";
import { changedWhileRead, keptDocuments } from "./kept-documents.ts";
import { Pass, type PassOptions } from "./pass.ts";
import { TRAINING, VALIDATION } from "./split.ts";
import type { Survey } from "./survey.ts";
import { TokenFileWriter } from "./token-file-writer.ts";

/** Names of the token files of a source, by its index. */
export function tokenFileNames(source: number): { training: string; validation: string } {
  return { training: `training-${source}.tok`, validation: `validation-${source}.tok` };
}

/** Text of the validation targets: all tokens of a document but the first, which nothing predicts. */
export interface TargetBytes {
  targets: number;
  bytes: number;
}

/** Writes two token files a source, in reading order, into `directory`. */
export async function tokenizeCorpus(
  sources: readonly Source[],
  survey: Survey,
  tokenizer: DocumentTokenizer,
  directory: string,
  options: PassOptions,
): Promise<TargetBytes> {
  const pass = new Pass("tokenizing", survey.training_bytes + survey.validation_bytes, options);
  const measured = { targets: 0, bytes: 0 };
  for (const [index, source] of sources.entries()) {
    const names = tokenFileNames(index);
    const training = await createWriter(join(directory, names.training), tokenizer);
    const validation = await createWriter(join(directory, names.validation), tokenizer);
    try {
      const documents = keptDocuments(pass, source, survey.fates);
      await encodeWhileReading(batches(documents), tokenizer, async (batch, encoded) => {
        await training.append(documentsWith(TRAINING, batch, encoded));
        await validation.append(documentsWith(VALIDATION, batch, encoded));
        measure(batch, encoded, tokenizer, measured);
        pass.advance(batch.text.length);
      });
      await training.finish();
      await validation.finish();
    } finally {
      await training.close();
      await validation.close();
    }
  }
  if (pass.documents !== survey.fates.length) throw changedWhileRead("the files of data.sources");
  return measured;
}

function createWriter(
  path: string,
  { vocab_size, eos_id }: DocumentTokenizer,
): Promise<TokenFileWriter> {
  return TokenFileWriter.create(path, vocab_size, eos_id);
}

/** Calls `write` for each batch in order; a batch is encoded and written while the next one is read. */
async function encodeWhileReading(
  source: AsyncIterable<DocumentBatch>,
  tokenizer: DocumentTokenizer,
  write: (batch: DocumentBatch, encoded: EncodedDocuments) => Promise<void>,
): Promise<void> {
  let busy: Promise<void> = Promise.resolve();
  for await (const batch of source) {
    await busy;
    busy = tokenizer
      .encodeDocuments(batch.text, batch.ends)
      .then((encoded) => write(batch, encoded));
    // Awaited above or below; until then, and when reading fails first, a rejection must not count as unhandled.
    busy.catch(() => {});
  }
  await busy;
}

function documentsWith(
  fate: number,
  { documents }: DocumentBatch,
  { ids, ends }: EncodedDocuments,
): Uint32Array[] {
  return documents.flatMap((document, i) =>
    document.fate === fate ? [ids.subarray(i === 0 ? 0 : ends[i - 1], ends[i])] : [],
  );
}

function measure(
  { documents }: DocumentBatch,
  { ids, ends }: EncodedDocuments,
  tokenizer: DocumentTokenizer,
  measured: TargetBytes,
): void {
  for (const [i, { fate, text }] of documents.entries()) {
    if (fate !== VALIDATION) continue;
    const begin = i === 0 ? 0 : ends[i - 1]!;
    // The first token is no target, but the one that ends the document is.
    measured.targets += ends[i]! - begin;
    measured.bytes += text.length - tokenizer.bytesOf(ids[begin]!);
  }
}
