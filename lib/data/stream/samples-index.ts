import type { Run } from "./row-packer.ts";
import { WholeDocuments } from "./whole-documents.ts";

/** Samples of which several may share a row: propositions and conversations. */
export class SamplesIndex extends WholeDocuments {
  inputs(index: number): number {
    return this.tokens(index) - 1;
  }

  run(index: number, offset: number): Run {
    const inputs = this.inputs(index) - offset;
    const { start, supervised } = this.place(index);
    return {
      start: start + offset,
      inputs,
      targets: inputs,
      supervised,
      is_whole: true,
      is_cut: false,
      ends_row: false,
    };
  }
}
