import type { DocumentIndex } from "../corpus/document-index.ts";
import type { TokenRange } from "../corpus/encode-batch.ts";
import type { SupervisedSpans } from "../corpus/supervised-spans.ts";
import type { RowPieces } from "../types.ts";
import {
  type InputCursor,
  inputsOf,
  type NextInputs,
  type Packing,
  packRow,
} from "./row-packer.ts";

/** The validation documents of a source. */
export interface ValidationSource {
  /** Index of their token file. */
  readonly file: number;
  readonly documents: DocumentIndex;
  /** The targets; null where all tokens are. */
  readonly supervised: SupervisedSpans | null;
}

/** However the training rows are made, so that losses of different runs compare. */
const PACKING: Packing = { document_mask: true, packing: true };

/** All documents in the order of the files, each supervised token but a document's first a target exactly once. */
export function validationRows(
  sources: readonly ValidationSource[],
  seq_length: number,
): RowPieces[] {
  const cursor = new SequentialCursor(sources);
  const rows: RowPieces[] = [];
  while (cursor.current() !== null) {
    const pieces: number[] = [];
    packRow(cursor, PACKING, seq_length, 0, pieces);
    rows.push(Float64Array.from(pieces));
  }
  return rows;
}

class SequentialCursor implements InputCursor {
  readonly #sources: readonly ValidationSource[];
  #source = 0;
  #document = 0;
  #offset = 0;

  constructor(sources: readonly ValidationSource[]) {
    this.#sources = sources;
    this.#skipFinishedSources();
  }

  current(): NextInputs | null {
    const source = this.#sources[this.#source];
    if (!source) return null;
    const inputs = inputsOf(source.documents.length(this.#document), PACKING) - this.#offset;
    const run = {
      start: source.documents.start(this.#document) + this.#offset,
      inputs,
      targets: inputs,
      supervised: this.#supervised(source),
      is_whole: source.supervised !== null,
      is_cut: false,
      ends_row: false,
    };
    return { file: source.file, run };
  }

  #supervised({ documents, supervised }: ValidationSource): TokenRange[] | null {
    const start = documents.start(this.#document);
    return supervised?.within(start, start + documents.length(this.#document)) ?? null;
  }

  advance(inputs: number): void {
    const { documents } = this.#sources[this.#source]!;
    this.#offset += inputs;
    if (this.#offset < inputsOf(documents.length(this.#document), PACKING)) return;
    this.#offset = 0;
    this.#document++;
    this.#skipFinishedSources();
  }

  #skipFinishedSources(): void {
    for (; this.#source < this.#sources.length; this.#source++, this.#document = 0)
      if (this.#document < this.#sources[this.#source]!.documents.count) return;
  }
}
