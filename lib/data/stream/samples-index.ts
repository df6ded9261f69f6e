import type { DocumentIndex } from "../corpus/document-index.ts";
import type { SupervisedSpans } from "../corpus/supervised-spans.ts";
import type { Passages } from "./passages.ts";
import type { Run } from "./row-packer.ts";

/** Documents that only make sense whole: each is a passage of its own, in which only some tokens are targets. */
export class SamplesIndex implements Passages {
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

  inputs(index: number): number {
    return this.#documents.length(index) - 1;
  }

  run(index: number, offset: number): Run {
    const inputs = this.inputs(index) - offset;
    const start = this.#documents.start(index);
    return {
      start: start + offset,
      inputs,
      targets: inputs,
      supervised: this.#supervised.within(start, start + this.#documents.length(index)),
      is_whole: true,
      is_cut: false,
      ends_row: false,
    };
  }
}
