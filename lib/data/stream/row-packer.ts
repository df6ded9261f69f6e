import { PIECE_LAST_TARGET, PIECE_NEW_SEGMENT } from "../../native/types.ts";

/** How documents become rows. */
export interface Packing {
  /** Attention and positions start anew with each document. */
  readonly document_mask: boolean;
  /** A row holds several documents; otherwise one, and padding behind it. */
  readonly packing: boolean;
}

/** A document, or what is left of it. */
export interface DocumentRest {
  /** Index of the token file. */
  readonly file: number;
  /** Token of the file at which the document starts. */
  readonly start: number;
  /** Tokens of the whole document, with the one that ends it. */
  readonly length: number;
  /** Inputs that were taken already. */
  readonly offset: number;
}

/** Documents in some order, taken bit by bit. */
export interface DocumentCursor {
  /** The document whose turn it is; null at the end. */
  current(): DocumentRest | null;
  /** Takes `inputs` of the current document, of which there are `inputsOf(length)`. */
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
 * Appends the pieces of one row (row, file, offset, length, flags) to `pieces`. What does not fit of a document is
 * left to the next row, whose first input is then the last target of this one.
 */
export function packRow(
  cursor: DocumentCursor,
  packing: Packing,
  seq_length: number,
  row: number,
  pieces: number[],
): void {
  let used = 0;
  while (used < seq_length) {
    const document = cursor.current();
    if (document === null) return;
    const { file, start, length, offset } = document;
    const taken = Math.min(inputsOf(length, packing) - offset, seq_length - used);
    const isNewSegment = used === 0 || packing.document_mask;
    // Behind a document's end the file goes on with another document than the stream does.
    const hasLastTarget = offset + taken < length;
    const flags = (isNewSegment ? PIECE_NEW_SEGMENT : 0) | (hasLastTarget ? PIECE_LAST_TARGET : 0);
    pieces.push(row, file, start + offset, taken, flags);
    cursor.advance(taken);
    used += taken;
    if (!packing.packing) return;
  }
}
