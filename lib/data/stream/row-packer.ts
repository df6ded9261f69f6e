import { PIECE_LAST_TARGET, PIECE_NEW_SEGMENT } from "../../native/types.ts";

/** How documents become rows. */
export interface Packing {
  /** Attention and positions start anew with each document. */
  readonly document_mask: boolean;
  /** A row holds several documents; otherwise one, and padding behind it. */
  readonly packing: boolean;
}

/** The next inputs of one document. */
export interface NextInputs {
  /** Index of the token file. */
  readonly file: number;
  /** Token of the file at which they start. */
  readonly start: number;
  readonly inputs: number;
  /** Inputs that have a target in the file: all, or all but the last. */
  readonly targets: number;
  /** The document goes on behind them, but the stream does not. */
  readonly is_cut: boolean;
  /** The row ends with them, full or not, so that what follows begins with a row. */
  readonly ends_row: boolean;
}

/** Inputs in some order, taken bit by bit. */
export interface InputCursor {
  /** What comes next; null at the end. */
  current(): NextInputs | null;
  /** Takes some of the current inputs. */
  advance(inputs: number): void;
}

/** True when the token that ends a document is also an input: it predicts the document that follows. */
export function endIsInput({ document_mask, packing }: Packing): boolean {
  return packing && !document_mask;
}

/** Inputs that a document of `length` tokens gives. Its last token is a target only, unless `endIsInput`. */
export function inputsOf(length: number, packing: Packing): number {
  return endIsInput(packing) ? length : length - 1;
}

/**
 * Appends the pieces of one row (row, file, offset, length, flags) to `pieces`. What does not fit is
 * left to the next row, whose first input is then the last target of this one.
 */
export function packRow(
  cursor: InputCursor,
  packing: Packing,
  seq_length: number,
  row: number,
  pieces: number[],
): void {
  let used = 0;
  // Without document masks a document that was cut must not run on into another one.
  let wasCut = false;
  while (used < seq_length) {
    const next = cursor.current();
    if (next === null) return;
    const { file, start, inputs, targets, is_cut, ends_row } = next;
    const taken = Math.min(inputs, seq_length - used);
    const isNewSegment = used === 0 || packing.document_mask || wasCut;
    // Behind a document's end the file goes on with another document than the stream does.
    const hasLastTarget = taken <= targets;
    const flags = (isNewSegment ? PIECE_NEW_SEGMENT : 0) | (hasLastTarget ? PIECE_LAST_TARGET : 0);
    pieces.push(row, file, start, taken, flags);
    cursor.advance(taken);
    used += taken;
    wasCut = is_cut;
    if (!packing.packing || (ends_row && taken === inputs)) return;
  }
}
