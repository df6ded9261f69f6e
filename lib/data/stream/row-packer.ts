import { PIECE_LAST_TARGET, PIECE_NEW_SEGMENT } from "../../native/types.ts";

/** How documents become rows. */
export interface Packing {
  /** Attention and positions start anew with each document. */
  readonly document_mask: boolean;
  /** A row holds several documents; otherwise one, and padding behind it. */
  readonly packing: boolean;
}

/** Consecutive inputs of one document, or what is left of them. */
export interface PassageRest {
  /** Index of the token file. */
  readonly file: number;
  /** Token of the file at which the passage starts. */
  readonly start: number;
  /** Inputs of the whole passage. */
  readonly inputs: number;
  /** Inputs that have a target in the file: all, or all but the last. */
  readonly targets: number;
  /** Inputs that were taken already. */
  readonly offset: number;
  /** The document goes on behind the passage. */
  readonly is_cut: boolean;
}

/** Passages in some order, taken bit by bit. */
export interface PassageCursor {
  /** The passage whose turn it is; null at the end. */
  current(): PassageRest | null;
  /** Takes `inputs` of what is left of the current passage. */
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
 * Appends the pieces of one row (row, file, offset, length, flags) to `pieces`. What does not fit of a passage is
 * left to the next row, whose first input is then the last target of this one.
 */
export function packRow(
  cursor: PassageCursor,
  packing: Packing,
  seq_length: number,
  row: number,
  pieces: number[],
): void {
  let used = 0;
  // Without document masks a passage that was cut must not run on into another document.
  let wasCut = false;
  while (used < seq_length) {
    const passage = cursor.current();
    if (passage === null) return;
    const { file, start, inputs, targets, offset, is_cut } = passage;
    const taken = Math.min(inputs - offset, seq_length - used);
    const isNewSegment = used === 0 || packing.document_mask || wasCut;
    // Behind a document's end the file goes on with another document than the stream does.
    const hasLastTarget = offset + taken <= targets;
    const flags = (isNewSegment ? PIECE_NEW_SEGMENT : 0) | (hasLastTarget ? PIECE_LAST_TARGET : 0);
    pieces.push(row, file, start + offset, taken, flags);
    cursor.advance(taken);
    used += taken;
    wasCut = is_cut;
    if (!packing.packing) return;
  }
}
