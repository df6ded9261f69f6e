import type { DocumentIndex } from "../corpus/document-index.ts";
import { inputsOf, type Packing, type Run } from "./row-packer.ts";

/** What a source is made of, in any order: numbered stretches of its documents. */
export interface Passages {
  /** Inputs of a passage that others join to fill rows, in the tokens that passages are cut by. */
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
 *
 * A run whose vocabulary grows has its text in several tokens. All of them are cut by the same ones, so that a passage
 * is the same text in each and its number says what has been read: a cut within a document lies at the same share of
 * its inputs, which is the same letter as far as a document is alike in all its parts.
 */
export class PassageIndex implements Passages {
  readonly length: number;
  readonly count: number;
  readonly #documents: DocumentIndex;
  readonly #cutBy: DocumentIndex;
  readonly #packing: Packing;
  /** Whole passages before each document, and inputs of the rests before it; 16 bytes of memory a document. */
  readonly #whole: Float64Array;
  readonly #rests: Float64Array;
  /** The latter in the documents' own tokens. */
  readonly #ownRests: Float64Array;

  /** @param cutBy the same documents in the tokens that `length` counts; none may have fewer of its own */
  constructor(documents: DocumentIndex, packing: Packing, length: number, cutBy = documents) {
    this.#documents = documents;
    this.#cutBy = cutBy;
    this.#packing = packing;
    this.length = length;
    this.#whole = new Float64Array(documents.count + 1);
    this.#rests = new Float64Array(documents.count + 1);
    this.#ownRests = cutBy === documents ? this.#rests : new Float64Array(documents.count + 1);
    for (let i = 0; i < documents.count; i++) {
      const inputs = inputsOf(cutBy.length(i), packing);
      const rest = inputs % length;
      this.#whole[i + 1] = this.#whole[i]! + Math.floor(inputs / length);
      this.#rests[i + 1] = this.#rests[i]! + rest;
      this.#ownRests[i + 1] =
        this.#ownRests[i]! + this.#own(i, inputs) - this.#own(i, inputs - rest);
    }
    this.count = this.#whole[documents.count]! + Math.ceil(this.#rests[documents.count]! / length);
  }

  inputs(index: number): number {
    const joined = index - this.#whole[this.#documents.count]!;
    if (joined >= 0) return this.#joinedStart(joined + 1) - this.#joinedStart(joined);
    if (this.#cutBy === this.#documents) return this.length;
    const { document, begin } = this.#wholePassage(index);
    return this.#own(document, begin + this.length) - this.#own(document, begin);
  }

  run(index: number, offset: number): Run {
    const joined = index - this.#whole[this.#documents.count]!;
    const room = this.inputs(index) - offset;
    if (joined < 0) {
      const { document, begin } = this.#wholePassage(index);
      return this.#runOf(document, this.#own(document, begin) + offset, room, false);
    }
    const place = this.#joinedStart(joined) + offset;
    const document = lastNotAbove(this.#ownRests, place);
    const skipped = this.#own(document, this.#restStart(document));
    const isShort = (joined + 1) * this.length > this.#rests[this.#documents.count]!;
    return this.#runOf(document, skipped + place - this.#ownRests[document]!, room, isShort);
  }

  /** The document of a passage that is no joined one, and its first input there. */
  #wholePassage(index: number): { document: number; begin: number } {
    const document = lastNotAbove(this.#whole, index);
    return { document, begin: (index - this.#whole[document]!) * this.length };
  }

  /** Own inputs of all rests before the joined passage with this number. */
  #joinedStart(joined: number): number {
    const place = Math.min(joined * this.length, this.#rests[this.#documents.count]!);
    if (this.#cutBy === this.#documents) return place;
    const document = lastNotAbove(this.#rests, place);
    const begin = this.#restStart(document);
    const within = begin + place - this.#rests[document]!;
    return this.#ownRests[document]! + this.#own(document, within) - this.#own(document, begin);
  }

  /** Where a document's whole passages end. */
  #restStart(document: number): number {
    const inputs = inputsOf(this.#cutBy.length(document), this.#packing);
    return inputs - (inputs % this.length);
  }

  /** The own input of a document that stands where its input `place` does in the tokens that passages are cut by. */
  #own(document: number, place: number): number {
    if (this.#cutBy === this.#documents || place === 0) return place;
    const own = inputsOf(this.#documents.length(document), this.#packing);
    return Math.floor((place * own) / inputsOf(this.#cutBy.length(document), this.#packing));
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
