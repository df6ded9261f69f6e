import { existsSync, readFileSync } from "node:fs";
import type { RowPieces } from "../../data/types.ts";
import { FlmError } from "../../errors.ts";
import { parseOrUndefined } from "../../json.ts";
import { PIECE_FIELDS } from "../../native/types.ts";

/** What the file says. Its numbers are good for the same rows alone. */
export interface StoredReference {
  /** Fingerprint of the tokenized data, and the length that rows were cut to. */
  data: string;
  seq_length: number;
  /** Of all rows, training pairs before validation pairs; null for one that is not finite. */
  log_probs: (number | null)[];
}

/** What the reference model says of every answer. Rows are known by where in the token files they begin. */
export class ReferenceTable {
  readonly #byStart: ReadonlyMap<string, number>;

  constructor(rows: readonly RowPieces[], logProbs: ArrayLike<number>) {
    this.#byStart = new Map(rows.map((row, i) => [startOf(row, 0), logProbs[i]!]));
  }

  /** Of each row that `pieces` make, which are in the order of the rows. */
  of(pieces: Float64Array, rows: number): Float64Array {
    const logProbs = new Float64Array(rows);
    for (let at = 0; at < pieces.length; at += PIECE_FIELDS) {
      const row = pieces[at]!;
      if (at > 0 && pieces[at - PIECE_FIELDS] === row) continue;
      const known = this.#byStart.get(startOf(pieces, at));
      if (known === undefined)
        throw new FlmError("INTERNAL", `the reference has no row at ${startOf(pieces, at)}`);
      logProbs[row] = known;
    }
    return logProbs;
  }
}

/** Null where there is no file, one of other rows, or one that a crash has cut off. */
export function readReference(
  path: string,
  wanted: Omit<StoredReference, "log_probs">,
): number[] | null {
  if (!existsSync(path)) return null;
  const stored = parseOrUndefined(readFileSync(path, "utf8")) as StoredReference | undefined;
  const isSame = stored?.data === wanted.data && stored.seq_length === wanted.seq_length;
  return isSame ? stored.log_probs.map((value) => value ?? NaN) : null;
}

function startOf(pieces: Float64Array, at: number): string {
  return `${pieces[at + 1]}:${pieces[at + 2]}`;
}
