import { show } from "./json-object.ts";
import { invalidLine, type RankedPiece } from "./tiktoken-ranks.ts";

/** Above every id, and small enough for two ids in one exact number. */
const IDS = 2 ** 24;

/**
 * The merge that makes each piece of more than one byte. tiktoken joins any two neighbours whose bytes are a piece, the
 * lowest rank first, so that a piece is made of the two parts that all lower ranks leave of its bytes. In text no other
 * two can come to be neighbours in its place: until then its bytes were joined as if they stood alone. Merging by this
 * list therefore gives tiktoken's tokens, and every word that is a piece becomes that piece.
 *
 * @param pieces by rank, with all single bytes
 * @returns left, right of each merge, in rank order; ids are ranks
 * @throws FlmError TOKENIZER_INVALID, naming the line, for a piece of which lower ranks leave more than two parts
 */
export function mergesOfRanks(pieces: readonly RankedPiece[]): Uint32Array {
  const ofByte = new Uint32Array(256);
  for (const [rank, { bytes }] of pieces.entries())
    if (bytes.length === 1) ofByte[bytes[0]!] = rank;
  const joined = new Map<number, number>(); // a pair's rank
  const merges: number[] = [];
  for (const [rank, { bytes, line }] of pieces.entries()) {
    if (bytes.length === 1) continue;
    const parts = Array.from(bytes, (byte) => ofByte[byte]!);
    joinAll(parts, joined);
    const [left, right] = parts as [number, number];
    if (parts.length !== 2) throw notOneMerge(pieces, rank, line, parts);
    joined.set(left * IDS + right, rank);
    merges.push(left, right);
  }
  return Uint32Array.from(merges);
}

/** Joins the leftmost pair of lowest rank until none has a rank. */
function joinAll(parts: number[], joined: ReadonlyMap<number, number>): void {
  for (;;) {
    let best = Infinity;
    let at = -1;
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = joined.get(parts[i]! * IDS + parts[i + 1]!) ?? Infinity;
      if (rank < best) [best, at] = [rank, i];
    }
    if (at === -1) return;
    parts.splice(at, 2, best);
  }
}

function notOneMerge(
  pieces: readonly RankedPiece[],
  rank: number,
  line: number,
  parts: readonly number[],
): Error {
  const text = (id: number) => show(Buffer.from(pieces[id]!.bytes).toString());
  return invalidLine(
    line,
    `no single merge makes the piece ${text(rank)} of rank ${rank}: ` +
      `lower ranks leave ${parts.length} parts of it, ${parts.map(text).join(" ")}`,
  );
}
