import { FlmError } from "../../errors.ts";
import type { Document } from "../read/document.ts";
import { type BadRowHandler, readDocuments, type Source } from "../read/documents.ts";
import type { PrepareProgress } from "../types.ts";

const REPORT_BYTES = 1 << 20;

export interface PassOptions {
  signal?: AbortSignal;
  onProgress?: (progress: PrepareProgress) => void;
  /** Bytes of text between two reports of progress; 1 MiB by default. */
  report_bytes?: number;
  /** Bytes of text between two places from which an interrupted build can go on; 64 MiB by default. */
  shard_bytes?: number;
}

export interface ReadingOptions extends PassOptions {
  /** Hears of rows that cannot be read, which are left out then; without it the first of them ends the pass. */
  onBadRow?: BadRowHandler;
}

/** A place between two documents of a source: in which file, and behind how many of its documents. */
export interface Place {
  readonly file: number;
  readonly document: number;
}

export const BEGINNING: Place = { file: 0, document: 0 };

export interface NumberedDocument extends Document {
  /** Counted over all sources of the pass. */
  readonly index: number;
  /** The place behind it. */
  readonly end: Place;
}

/** One reading of the corpus: numbers the documents, reports progress and sees cancellation. */
export class Pass {
  readonly #phase: PrepareProgress["phase"];
  readonly #total: number | null;
  readonly #options: ReadingOptions;
  #index: number;
  #done: number;
  #reported: number;

  /**
   * @param total bytes of text that will be counted as done; null where that is not known
   * @param from how many documents and bytes an earlier attempt has done
   */
  constructor(
    phase: PrepareProgress["phase"],
    total: number | null,
    options: ReadingOptions,
    from = { documents: 0, bytes: 0 },
  ) {
    this.#phase = phase;
    this.#total = total;
    this.#options = options;
    this.#index = from.documents;
    this.#done = this.#reported = from.bytes;
    this.#report();
  }

  /** Documents read so far. */
  get documents(): number {
    return this.#index;
  }

  /** Bytes counted as done so far. */
  get bytes(): number {
    return this.#done;
  }

  /**
   * The documents of the next source, behind `from` where an earlier attempt got there: files before it are not opened.
   *
   * @throws FlmError CANCELLED; what `readDocuments` does
   */
  async *read(source: Source, from = BEGINNING): AsyncGenerator<NumberedDocument> {
    for (const [file, found] of source.files.entries()) {
      if (file < from.file) continue;
      const known = file === from.file ? from.document : 0;
      let document = 0;
      // What lies before the place has been reported by the attempt that read it.
      const onBadRow: BadRowHandler | undefined =
        this.#options.onBadRow &&
        ((error) => {
          if (document >= known) this.#options.onBadRow!(error);
        });
      for await (const next of readDocuments({ ...source, files: [found] }, onBadRow)) {
        throwIfCancelled(this.#options.signal);
        if (document++ < known) continue;
        yield { ...next, index: this.#index++, end: { file, document } };
      }
    }
  }

  /** Counts bytes of text as done. */
  advance(bytes: number): void {
    this.#done += bytes;
    const enough = this.#options.report_bytes ?? REPORT_BYTES;
    if (this.#done - this.#reported >= enough || this.#done === this.#total) this.#report();
  }

  #report(): void {
    this.#reported = this.#done;
    this.#options.onProgress?.({ phase: this.#phase, done: this.#done, total: this.#total });
  }
}

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new FlmError("CANCELLED", "preparing the data was cancelled", { cause: signal.reason });
}
