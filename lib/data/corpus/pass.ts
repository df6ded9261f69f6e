import { FlmError } from "../../errors.ts";
import type { Document } from "../read/document.ts";
import { readDocuments, type Source } from "../read/documents.ts";
import type { PrepareProgress } from "../types.ts";

/** Bytes of text between two reports. */
const REPORT_BYTES = 1 << 20;

export interface PassOptions {
  signal?: AbortSignal;
  onProgress?: (progress: PrepareProgress) => void;
}

export interface NumberedDocument extends Document {
  /** Counted over all sources of the pass. */
  readonly index: number;
}

/** One reading of the corpus: numbers the documents, reports progress and sees cancellation. */
export class Pass {
  readonly #phase: PrepareProgress["phase"];
  readonly #total: number | null;
  readonly #options: PassOptions;
  #index = 0;
  #done = 0;
  #reported = 0;

  /** @param total bytes of text that will be counted as done; null where that is not known */
  constructor(phase: PrepareProgress["phase"], total: number | null, options: PassOptions) {
    this.#phase = phase;
    this.#total = total;
    this.#options = options;
    this.#report();
  }

  /** Documents read so far. */
  get documents(): number {
    return this.#index;
  }

  /** The documents of the next source. @throws FlmError CANCELLED */
  async *read(source: Source): AsyncGenerator<NumberedDocument> {
    for await (const document of readDocuments(source)) {
      throwIfCancelled(this.#options.signal);
      yield { ...document, index: this.#index++ };
    }
  }

  /** Counts bytes of text as done. */
  advance(bytes: number): void {
    this.#done += bytes;
    if (this.#done - this.#reported >= REPORT_BYTES || this.#done === this.#total) this.#report();
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
