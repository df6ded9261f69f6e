import { join } from "node:path";
import type { Source } from "../read/documents.ts";
import type { DocumentTokenizer } from "../tokenizer/document-tokenizer.ts";
import { batches, type DocumentBatch } from "./batches.ts";
import { type EncodedDocument, encodeBatch } from "./encode-batch.ts";
import { Journal } from "./journal.ts";
import { changedWhileRead, type KeptDocument, keptDocuments } from "./kept-documents.ts";
import { orClose } from "./or-close.ts";
import { Output, type OutputProgress } from "./output.ts";
import { BEGINNING, Pass, type Place, type ReadingOptions } from "./pass.ts";
import { SHARD_BYTES } from "./shard.ts";
import { TRAINING, VALIDATION } from "./split.ts";
import type { Survey } from "./survey.ts";

/** Names of the token files of a source, by its index. */
export function tokenFileNames(source: number): { training: string; validation: string } {
  return { training: `training-${source}.tok`, validation: `validation-${source}.tok` };
}

/** The validation targets, and the bytes of text that they stand for. */
export interface TargetBytes {
  targets: number;
  bytes: number;
}

/** How far the tokenizing has come; all before it has reached the disk. */
interface Standing {
  source: number;
  place: Place;
  /** Documents and bytes of text that are done, over all sources. */
  documents: number;
  bytes: number;
  /** Of the running source; null at its beginning. */
  outputs: { training: OutputProgress; validation: OutputProgress } | null;
  measured: TargetBytes[];
}

/**
 * Writes two token files a source, in reading order, into `directory`, and beside them what is supervised. Returns
 * what each source has to be validated on. After an interruption it goes on behind the last shard.
 */
export async function tokenizeCorpus(
  sources: readonly Source[],
  survey: Survey,
  tokenizer: DocumentTokenizer,
  directory: string,
  options: ReadingOptions,
): Promise<TargetBytes[]> {
  const work = new Tokenizing(sources, survey, tokenizer, directory, options);
  while (!work.isDone) await work.nextSource();
  if (work.documents !== survey.fates.length) throw changedWhileRead("the files of data.sources");
  return work.measured;
}

class Tokenizing {
  readonly #sources: readonly Source[];
  readonly #survey: Survey;
  readonly #tokenizer: DocumentTokenizer;
  readonly #directory: string;
  readonly #shard_bytes: number;
  readonly #journal: Journal<Standing>;
  readonly #standing: Standing;
  readonly #pass: Pass;

  constructor(
    sources: readonly Source[],
    survey: Survey,
    tokenizer: DocumentTokenizer,
    directory: string,
    options: ReadingOptions,
  ) {
    this.#sources = sources;
    this.#survey = survey;
    this.#tokenizer = tokenizer;
    this.#directory = directory;
    this.#shard_bytes = options.shard_bytes ?? SHARD_BYTES;
    this.#journal = new Journal(join(directory, "tokenized.json"));
    this.#standing = this.#journal.read() ?? {
      source: 0,
      place: BEGINNING,
      documents: 0,
      bytes: 0,
      outputs: null,
      measured: sources.map(() => ({ targets: 0, bytes: 0 })),
    };
    const total = survey.training_bytes + survey.validation_bytes;
    this.#pass = new Pass("tokenizing", total, options, this.#standing);
  }

  get isDone(): boolean {
    return this.#standing.source === this.#sources.length;
  }

  get documents(): number {
    return this.#pass.documents;
  }

  get measured(): TargetBytes[] {
    return this.#standing.measured;
  }

  async nextSource(): Promise<void> {
    const { source: index, place } = this.#standing;
    const source = this.#sources[index]!;
    const documents = keptDocuments(this.#pass, source, this.#survey.fates, place);
    const training = await this.#open("training");
    const validation = await orClose(training, () => this.#open("validation"));
    try {
      const parts = batches(documents, this.#shard_bytes);
      await encodeWhileReading(parts, this.#tokenizer, async (batch, encoded) => {
        const of = (fate: number) => encoded.filter((_, i) => batch.documents[i]!.fate === fate);
        await training.append(of(TRAINING));
        await validation.append(of(VALIDATION));
        this.#measure(of(VALIDATION));
        this.#pass.advance(batch.text.length);
        if (this.#pass.bytes - this.#standing.bytes < this.#shard_bytes) return;
        await this.#commit(batch.documents.at(-1)!, { training, validation });
      });
      await training.finish();
      await validation.finish();
      this.#finish();
    } finally {
      await training.close();
      await validation.close();
    }
  }

  #open(which: "training" | "validation"): Promise<Output> {
    const { source, outputs } = this.#standing;
    const path = join(this.#directory, tokenFileNames(source)[which]);
    const hasSpans = this.#sources[source]!.samples !== "text";
    return Output.open(path, this.#tokenizer, hasSpans, outputs?.[which] ?? null);
  }

  #measure(held: readonly EncodedDocument[]): void {
    const measured = this.#standing.measured[this.#standing.source]!;
    for (const { targets, target_bytes } of held) {
      measured.targets += targets;
      measured.bytes += target_bytes;
    }
  }

  async #commit(
    { index, end }: KeptDocument,
    { training, validation }: { training: Output; validation: Output },
  ): Promise<void> {
    await training.sync();
    await validation.sync();
    const outputs = { training: training.progress, validation: validation.progress };
    const { bytes } = this.#pass;
    Object.assign(this.#standing, { place: end, documents: index + 1, bytes, outputs });
    this.#journal.write(this.#standing);
  }

  #finish(): void {
    const { documents, bytes } = this.#pass;
    const source = this.#standing.source + 1;
    // A corpus of less than a shard is not worth the wait for the disk.
    const isWorthIt = source < this.#sources.length || this.#standing.outputs !== null;
    Object.assign(this.#standing, { source, place: BEGINNING, documents, bytes, outputs: null });
    if (isWorthIt) this.#journal.write(this.#standing);
  }
}

/** Calls `write` for each batch in order; a batch is encoded and written while the next one is read. */
async function encodeWhileReading(
  source: AsyncIterable<DocumentBatch>,
  tokenizer: DocumentTokenizer,
  write: (batch: DocumentBatch, encoded: EncodedDocument[]) => Promise<void>,
): Promise<void> {
  let busy: Promise<void> = Promise.resolve();
  try {
    for await (const batch of source) {
      await busy;
      busy = encodeBatch(batch, tokenizer).then((encoded) => write(batch, encoded));
      // Awaited above or below; until then, and when reading fails first, a rejection must not count as unhandled.
      busy.catch(() => {});
    }
  } finally {
    await busy;
  }
}
