import type { DocumentIndex } from "../corpus/document-index.ts";
import { inputsOf, type Packing, type Run } from "./row-packer.ts";
import { SampledSums } from "./sampled-sums.ts";

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
 * as many whole passages as fit; what is left of the documents, in their order, is joined into further passages. Where
 * a row holds one document, each rest is a passage of its own instead: a joined one would end within a document, which
 * would then take two rows though it fits into one.
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
  /** Whole passages before each document, and inputs of the rests before it. */
  readonly #whole: SampledSums;
  readonly #rests: SampledSums;
  /** The latter in the documents' own tokens. */
  readonly #ownRests: SampledSums;
  /** Where rests are not joined: how many there are before each document. */
  readonly #apart: SampledSums | null;

  /** @param cutBy the same documents in the tokens that `length` counts; none may have fewer of its own */
  constructor(documents: DocumentIndex, packing: Packing, length: number, cutBy = documents) {
    this.#documents = documents;
    this.#cutBy = cutBy;
    this.#packing = packing;
    this.length = length;
    const { count } = documents;
    this.#whole = new SampledSums(count, (i) => Math.floor(this.#inputs(i) / length));
    this.#rests = new SampledSums(count, (i) => this.#inputs(i) % length);
    const ownRest = (i: number) => this.#own(i, this.#inputs(i)) - this.#own(i, this.#restStart(i));
    this.#ownRests = cutBy === documents ? this.#rests : new SampledSums(count, ownRest);
    const hasRest = (i: number) => (this.#inputs(i) % length > 0 ? 1 : 0);
    this.#apart = packing.packing ? null : new SampledSums(count, hasRest);
    this.count = this.#whole.total + (this.#apart?.total ?? Math.ceil(this.#rests.total / length));
  }

  inputs(index: number): number {
    const joined = index - this.#whole.total;
    if (joined >= 0) return this.#joinedStart(joined + 1) - this.#joinedStart(joined);
    if (this.#cutBy === this.#documents) return this.length;
    const { document, begin } = this.#wholePassage(index);
    return this.#own(document, begin + this.length) - this.#own(document, begin);
  }

  run(index: number, offset: number): Run {
    const joined = index - this.#whole.total;
    const room = this.inputs(index) - offset;
    if (joined < 0) {
      const { document, begin } = this.#wholePassage(index);
      return this.#runOf(document, this.#own(document, begin) + offset, room, false);
    }
    const place = this.#joinedStart(joined) + offset;
    const { index: document, before } = this.#ownRests.find(place);
    const skipped = this.#own(document, this.#restStart(document));
    const isShort = (joined + 1) * this.length > this.#rests.total;
    return this.#runOf(document, skipped + place - before, room, isShort);
  }

  /** The document of a passage that is not one of rests, and its first input there. */
  #wholePassage(index: number): { document: number; begin: number } {
    const { index: document, before } = this.#whole.find(index);
    return { document, begin: (index - before) * this.length };
  }

  /** Own inputs of all rests before the passage of rests with this number. */
  #joinedStart(joined: number): number {
    if (this.#apart)
      return joined < this.#apart.total
        ? this.#ownRests.before(this.#apart.find(joined).index)
        : this.#ownRests.total;
    const place = Math.min(joined * this.length, this.#rests.total);
    if (this.#cutBy === this.#documents) return place;
    const { index: document, before } = this.#rests.find(place);
    const begin = this.#restStart(document);
    const within = begin + place - before;
    const own = this.#own(document, within) - this.#own(document, begin);
    return this.#ownRests.before(document) + own;
  }

  /** Where a document's whole passages end. */
  #restStart(document: number): number {
    const inputs = this.#inputs(document);
    return inputs - (inputs % this.length);
  }

  /** Of a document, in the tokens that passages are cut by. */
  #inputs(document: number): number {
    return inputsOf(this.#cutBy.length(document), this.#packing);
  }

  /** The own input of a document that stands where its input `place` does in the tokens that passages are cut by. */
  #own(document: number, place: number): number {
    if (this.#cutBy === this.#documents || place === 0) return place;
    const own = inputsOf(this.#documents.length(document), this.#packing);
    return Math.floor((place * own) / this.#inputs(document));
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
