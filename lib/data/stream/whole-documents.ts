import type { DocumentIndex } from "../corpus/document-index.ts";
import type { TokenRange } from "../corpus/encode-batch.ts";
import type { SupervisedSpans } from "../corpus/supervised-spans.ts";
import type { Passages } from "./passages.ts";
import type { Run } from "./row-packer.ts";

/** Documents that only make sense whole: each is a passage of its own, in which only some tokens are targets. */
export abstract class WholeDocuments implements Passages {
  readonly length: number;
  readonly count: number;
  readonly #documents: DocumentIndex;
  readonly #supervised: SupervisedSpans;

  /** @param length of the other sources' passages: all of a stream's have the same */
  constructor(documents: DocumentIndex, supervised: SupervisedSpans, length: number) {
    this.#documents = documents;
    this.#supervised = supervised;
    this.length = length;
    this.count = documents.count;
  }

  abstract inputs(index: number): number;
  abstract run(index: number, offset: number): Run;

  /** Tokens of a document, the one that ends it included. */
  protected tokens(index: number): number {
    return this.#documents.length(index);
  }

  /** Where a document lies among the tokens of its file, and what of it is supervised. */
  protected place(index: number): { start: number; end: number; supervised: TokenRange[] } {
    const start = this.#documents.start(index);
    const end = start + this.#documents.length(index);
    return { start, end, supervised: this.#supervised.within(start, end) };
  }
}
