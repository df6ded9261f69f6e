import type { DocumentIndex } from "../corpus/document-index.ts";
import { inputsOf, type Packing } from "./row-packer.ts";

/** Consecutive inputs of one document. */
export interface Passage {
  /** Token of the file at which it starts. */
  readonly start: number;
  readonly inputs: number;
  /** Inputs with a target in the file: all, but for a document's last token where that is an input. */
  readonly targets: number;
  /** The document goes on behind it. */
  readonly is_cut: boolean;
}

/**
 * Documents cut into passages of at most `length` inputs, numbered through. Passages, not documents, are what an epoch
 * shuffles: otherwise one long document would fill many batches in a row with nothing else.
 */
export class PassageIndex {
  /** Inputs of all passages but a document's last. */
  readonly length: number;
  readonly #documents: DocumentIndex;
  readonly #packing: Packing;
  /** Passages before each document; 8 bytes of memory a document. */
  readonly #before: Float64Array;

  constructor(documents: DocumentIndex, packing: Packing, length: number) {
    this.#documents = documents;
    this.#packing = packing;
    this.length = length;
    this.#before = new Float64Array(documents.count + 1);
    for (let i = 0; i < documents.count; i++)
      this.#before[i + 1] =
        this.#before[i]! + Math.ceil(inputsOf(documents.length(i), packing) / length);
  }

  get count(): number {
    return this.#before[this.#documents.count]!;
  }

  at(index: number): Passage {
    const document = this.#documentOf(index);
    const length = this.#documents.length(document);
    const skipped = (index - this.#before[document]!) * this.length;
    const left = inputsOf(length, this.#packing) - skipped;
    const inputs = Math.min(left, this.length);
    return {
      start: this.#documents.start(document) + skipped,
      inputs,
      targets: Math.min(inputs, length - 1 - skipped),
      is_cut: inputs < left,
    };
  }

  /** The document that holds a passage, by halving. */
  #documentOf(index: number): number {
    let low = 0;
    let high = this.#documents.count;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#before[middle]! <= index) low = middle;
      else high = middle;
    }
    return low;
  }
}
