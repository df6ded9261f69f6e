import type { RowPieces } from "../types.ts";
import { type NextInputs, packRow, type Run } from "./row-packer.ts";
import { WholeDocuments } from "./whole-documents.ts";

/**
 * Documents that are pairs of answers (lib/data/read/preference.ts): each is a passage that gives two rows, the prompt
 * with the chosen answer and the prompt with the rejected one.
 */
export class PairsIndex extends WholeDocuments {
  inputs(index: number): number {
    // The last token of either half is a target only.
    return this.tokens(index) - 2;
  }

  run(index: number, offset: number): Run {
    const { start, end, supervised } = this.place(index);
    const [chosen, rejected] = supervised;
    // The token that ends the first answer is the last one that is supervised there.
    const middle = chosen!.end;
    const isFirst = offset < middle - start - 1;
    const inputs = (isFirst ? middle - start : end - middle) - 1;
    return {
      start: isFirst ? start : middle,
      inputs,
      targets: inputs,
      supervised: [isFirst ? chosen! : rejected!],
      is_whole: true,
      is_cut: false,
      ends_row: true,
    };
  }
}

/** All pairs in the order of the file, two rows each. */
export function pairRows(file: number, pairs: PairsIndex, seq_length: number): RowPieces[] {
  const rows: RowPieces[] = [];
  for (let index = 0; index < pairs.count; index++)
    for (let offset = 0; offset < pairs.inputs(index);) {
      const pieces: number[] = [];
      const next: NextInputs = { file, run: pairs.run(index, offset) };
      const advance = (inputs: number) => void (offset += inputs);
      packRow(
        { current: () => next, advance },
        { document_mask: true, packing: true },
        seq_length,
        0,
        pieces,
      );
      rows.push(Float64Array.from(pieces));
    }
  return rows;
}
