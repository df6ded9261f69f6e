import { join } from "node:path";
import type { Source } from "../read/documents.ts";
import type { DocumentTokenizer } from "../tokenizer/document-tokenizer.ts";
import { batches, type DocumentBatch } from "./batches.ts";
import { type EncodedDocument, encodeBatch } from "./encode-batch.ts";
import { changedWhileRead, keptDocuments } from "./kept-documents.ts";
import { Pass, type PassOptions } from "./pass.ts";
import { TRAINING, VALIDATION } from "./split.ts";
import { spansPath, SpansWriter } from "./supervised-spans.ts";
import type { Survey } from "./survey.ts";
import { TokenFileWriter } from "./token-file-writer.ts";

/** Names of the token files of a source, by its index. */
export function tokenFileNames(source: number): { training: string; validation: string } {
  return { training: `training-${source}.tok`, validation: `validation-${source}.tok` };
}

/** The validation targets, and the bytes of text that they stand for. */
export interface TargetBytes {
  targets: number;
  bytes: number;
}

/**
 * Writes two token files a source, in reading order, into `directory`, and beside them what is supervised. Returns
 * what each source has to be validated on.
 */
export async function tokenizeCorpus(
  sources: readonly Source[],
  survey: Survey,
  tokenizer: DocumentTokenizer,
  directory: string,
  options: PassOptions,
): Promise<TargetBytes[]> {
  const pass = new Pass("tokenizing", survey.training_bytes + survey.validation_bytes, options);
  const measured = sources.map((): TargetBytes => ({ targets: 0, bytes: 0 }));
  for (const [index, source] of sources.entries()) {
    const names = tokenFileNames(index);
    const hasSpans = source.samples !== "text";
    const training = await Output.create(join(directory, names.training), tokenizer, hasSpans);
    const validation = await Output.create(join(directory, names.validation), tokenizer, hasSpans);
    try {
      const documents = keptDocuments(pass, source, survey.fates);
      await encodeWhileReading(batches(documents), tokenizer, async (batch, encoded) => {
        const held = encoded.filter((_, i) => batch.documents[i]!.fate === VALIDATION);
        await training.append(encoded.filter((_, i) => batch.documents[i]!.fate === TRAINING));
        await validation.append(held);
        for (const { targets, target_bytes } of held) {
          measured[index]!.targets += targets;
          measured[index]!.bytes += target_bytes;
        }
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

/** A token file and, where not all of it is supervised, the file beside it. */
class Output {
  readonly #tokens: TokenFileWriter;
  readonly #spans: SpansWriter | null;

  private constructor(tokens: TokenFileWriter, hasSpans: boolean) {
    this.#tokens = tokens;
    this.#spans = hasSpans ? new SpansWriter() : null;
  }

  static async create(
    path: string,
    { vocab_size, eos_id }: DocumentTokenizer,
    hasSpans: boolean,
  ): Promise<Output> {
    return new Output(await TokenFileWriter.create(path, vocab_size, eos_id), hasSpans);
  }

  async append(documents: readonly EncodedDocument[]): Promise<void> {
    this.#spans?.append(documents);
    await this.#tokens.append(documents.map(({ ids }) => ids));
  }

  async finish(): Promise<void> {
    await this.#tokens.finish();
    this.#spans?.write(spansPath(this.#tokens.path));
  }

  close(): Promise<void> {
    return this.#tokens.close();
  }
}

/** Calls `write` for each batch in order; a batch is encoded and written while the next one is read. */
async function encodeWhileReading(
  source: AsyncIterable<DocumentBatch>,
  tokenizer: DocumentTokenizer,
  write: (batch: DocumentBatch, encoded: EncodedDocument[]) => Promise<void>,
): Promise<void> {
  let busy: Promise<void> = Promise.resolve();
  for await (const batch of source) {
    await busy;
    busy = encodeBatch(batch, tokenizer).then((encoded) => write(batch, encoded));
    // Awaited above or below; until then, and when reading fails first, a rejection must not count as unhandled.
    busy.catch(() => {});
  }
  await busy;
}
