import { PIECE_LAST_TARGET, PIECE_NEW_SEGMENT, PIECE_NO_TARGETS } from "../../native/types.ts";
import type { TokenRange } from "../corpus/encode-batch.ts";

/** How documents become rows. */
export interface Packing {
  /** Attention and positions start anew with each document. */
  readonly document_mask: boolean;
  /** A row holds several documents; otherwise one, and padding behind it. */
  readonly packing: boolean;
}

/** Consecutive inputs of one document. */
export interface Run {
  /** Token of the file at which they start. */
  readonly start: number;
  readonly inputs: number;
  /** Inputs with a target in the file: all, but for a document's last token where that is an input. */
  readonly targets: number;
  /** The tokens of the file that are targets; null for all. */
  readonly supervised: readonly TokenRange[] | null;
  /**
   * They are not divided between rows, and nothing is seen across their ends. Of more than a row holds the last are
   * taken: what is supervised stands at the end.
   */
  readonly is_whole: boolean;
  /** The document goes on behind them, but the stream does not. */
  readonly is_cut: boolean;
  /** The row ends with them, full or not, so that what follows begins with a row. */
  readonly ends_row: boolean;
}

/** A run of one of several token files. */
export interface NextInputs {
  /** Index of the token file. */
  readonly file: number;
  readonly run: Run;
}

/** Inputs in some order, taken bit by bit. */
export interface InputCursor {
  /** What comes next; null at the end. */
  current(): NextInputs | null;
  /** Takes some of the current inputs. */
  advance(inputs: number): void;
}

/** True when the token that ends a document is also an input: it predicts the document that follows. */
function endIsInput({ document_mask, packing }: Packing): boolean {
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
    const { inputs, targets, is_whole, is_cut, ends_row } = next.run;
    const room = seq_length - used;
    if (is_whole && inputs > room && used > 0) return;
    const skipped = is_whole ? Math.max(0, inputs - seq_length) : 0;
    const taken = Math.min(inputs - skipped, room);
    const isNewSegment = used === 0 || packing.document_mask || wasCut || is_whole;
    // Behind a document's end the file goes on with another document than the stream does.
    const hasLastTarget = skipped + taken <= targets;
    const flags = (isNewSegment ? PIECE_NEW_SEGMENT : 0) | (hasLastTarget ? PIECE_LAST_TARGET : 0);
    appendPieces(pieces, row, next, { skipped, taken, flags });
    cursor.advance(skipped + taken);
    used += taken;
    wasCut = is_cut || is_whole;
    if (!packing.packing || (ends_row && taken === inputs)) return;
  }
}

function appendPieces(
  pieces: number[],
  row: number,
  { file, run: { start, supervised } }: NextInputs,
  { skipped, taken, flags }: { skipped: number; taken: number; flags: number },
): void {
  let at = start + skipped;
  const end = at + taken;
  if (supervised === null) {
    pieces.push(row, file, at, taken, flags);
    return;
  }
  let segment = flags & PIECE_NEW_SEGMENT;
  const append = (to: number, targets: number) => {
    if (to <= at) return;
    pieces.push(row, file, at, to - at, segment | targets);
    segment = 0;
    at = to;
  };
  // The input of a target is the token before it.
  for (const range of supervised) {
    append(Math.min(range.begin - 1, end), PIECE_NO_TARGETS);
    append(Math.min(range.end - 1, end), PIECE_LAST_TARGET);
  }
  append(end, PIECE_NO_TARGETS);
}
