import type { DocumentIndex } from "../corpus/document-index.ts";
import { inputsOf, type Packing, type Run } from "./row-packer.ts";

/** What a source is made of, in any order: numbered stretches of its documents. */
export interface Passages {
  /** Inputs of a passage that others join to fill rows. */
  readonly length: number;
  readonly count: number;
  /** Inputs of passage `index`. */
  inputs(index: number): number;
  /** What passage `index` holds from its input `offset` on, up to where a document ends or the passage does. */
  run(index: number, offset: number): Run;
}

/**
 * Documents as passages of exactly `length` inputs (the last one may be shorter), numbered through. A document gives
 * as many whole passages as fit; what is left of the documents, in their order, is joined into further passages.
 *
 * Passages, not documents, are what an epoch shuffles: otherwise one long document would fill many batches in a row
 * with nothing else. Since all have one length, rows of that length hold each a whole passage, and every position of
 * the context is trained alike.
 */
export class PassageIndex implements Passages {
  readonly length: number;
  readonly count: number;
  readonly #documents: DocumentIndex;
  readonly #packing: Packing;
  /** Whole passages before each document, and inputs of the rests before it; 16 bytes of memory a document. */
  readonly #whole: Float64Array;
  readonly #rests: Float64Array;

  constructor(documents: DocumentIndex, packing: Packing, length: number) {
    this.#documents = documents;
    this.#packing = packing;
    this.length = length;
    this.#whole = new Float64Array(documents.count + 1);
    this.#rests = new Float64Array(documents.count + 1);
    for (let i = 0; i < documents.count; i++) {
      const inputs = inputsOf(documents.length(i), packing);
      this.#whole[i + 1] = this.#whole[i]! + Math.floor(inputs / length);
      this.#rests[i + 1] = this.#rests[i]! + (inputs % length);
    }
    this.count = this.#whole[documents.count]! + Math.ceil(this.#rests[documents.count]! / length);
  }

  inputs(index: number): number {
    const joined = index - this.#whole[this.#documents.count]!;
    if (joined < 0) return this.length;
    return Math.min(this.length, this.#rests[this.#documents.count]! - joined * this.length);
  }

  run(index: number, offset: number): Run {
    const joined = index - this.#whole[this.#documents.count]!;
    const room = this.inputs(index) - offset;
    if (joined < 0) {
      const document = lastNotAbove(this.#whole, index);
      const skipped = (index - this.#whole[document]!) * this.length;
      return this.#runOf(document, skipped + offset, room, false);
    }
    const place = joined * this.length + offset;
    const document = lastNotAbove(this.#rests, place);
    const total = inputsOf(this.#documents.length(document), this.#packing);
    const skipped = total - (total % this.length) + (place - this.#rests[document]!);
    return this.#runOf(document, skipped, room, this.inputs(index) < this.length);
  }

  #runOf(document: number, skipped: number, room: number, isShort: boolean): Run {
    const length = this.#documents.length(document);
    const left = inputsOf(length, this.#packing) - skipped;
    const inputs = Math.min(left, room);
    return {
      start: this.#documents.start(document) + skipped,
      inputs,
      targets: Math.min(inputs, length - 1 - skipped),
      supervised: null,
      is_whole: false,
      is_cut: inputs < left,
      ends_row: isShort && inputs === room,
    };
  }
}

/** The last index below the end whose value is not above `value`, in a rising list; by halving. */
function lastNotAbove(rising: Float64Array, value: number): number {
  let low = 0;
  let high = rising.length - 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (rising[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}
