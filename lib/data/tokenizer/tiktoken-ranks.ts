import { END_OF_TEXT_NAMES } from "./document-tokenizer.ts";
import { invalidTokenizer, show } from "./json-object.ts";
import { MAX_VOCAB_SIZE } from "./read-vocabulary.ts";

/** Far above the pieces of published files, of 128 bytes at most; the time for finding its merge rises with the square. */
const MAX_PIECE_BYTES = 1024;

/** A piece of a tiktoken file; its rank is its place in the list. */
export interface RankedPiece {
  readonly bytes: Uint8Array;
  /** Counted from 1. */
  readonly line: number;
}

/**
 * Reads tiktoken's format: a piece in base64 and its rank on each line, in any order.
 *
 * @returns the pieces by rank, all single bytes among them
 * @throws FlmError TOKENIZER_INVALID, naming the line, for ranks with holes or twice, and for pieces that are no base64,
 *   there twice or missing
 */
export function readTiktokenRanks(text: string): RankedPiece[] {
  const pieces: RankedPiece[] = [];
  const ranks = new Map<string, number>(); // by piece, in base64
  for (const [i, content] of text.split("\n").entries()) {
    if (content.trim() === "") continue;
    const line = i + 1;
    const { base64, bytes, rank } = readLine(content.trim(), line);
    const same = pieces[rank];
    if (same) throw invalidLine(line, `rank ${rank} is that of line ${same.line} already`);
    if (ranks.has(base64))
      throw invalidLine(
        line,
        `the piece ${base64} is on line ${pieces[ranks.get(base64)!]!.line} already`,
      );
    ranks.set(base64, rank);
    pieces[rank] = { bytes, line };
  }
  refuseHoles(pieces, ranks.size);
  refuseMissingBytes(ranks);
  return pieces;
}

/** A line that cannot be used. */
export function invalidLine(line: number, problem: string): Error {
  return invalidTokenizer(
    `line ${line}: ${problem}`,
    "a .tiktoken file has a piece in base64 and its rank on each line; get the file again, or use a tokenizer.json",
  );
}

function readLine(
  content: string,
  line: number,
): { base64: string; bytes: Uint8Array; rank: number } {
  const [base64 = "", digits = "", ...more] = content.split(/\s+/);
  if (digits === "" || more.length > 0)
    throw invalidLine(line, `${show(content)} is not a piece in base64 and its rank`);
  const bytes = Buffer.from(base64, "base64");
  // Buffer passes over what is not base64.
  if (bytes.toString("base64") !== base64)
    throw invalidLine(line, `the piece ${show(base64)} is not base64`);
  if (bytes.length > MAX_PIECE_BYTES)
    throw invalidLine(
      line,
      `the piece has ${bytes.length} bytes, above the limit of ${MAX_PIECE_BYTES}`,
    );
  if (bytes.toString("latin1") === END_OF_TEXT_NAMES[0])
    throw invalidLine(line, `${END_OF_TEXT_NAMES[0]} ends a document; it gets the next free id`);
  const rank = /^\d+$/.test(digits) ? Number(digits) : Infinity;
  if (rank >= MAX_VOCAB_SIZE)
    throw invalidLine(
      line,
      `the rank ${show(digits)} is not a whole number below ${MAX_VOCAB_SIZE}`,
    );
  return { base64, bytes, rank };
}

/** Ranks are ids: one that is left out would be an id without a piece. */
function refuseHoles(pieces: readonly (RankedPiece | undefined)[], count: number): void {
  if (pieces.length === count) return;
  const { line } = pieces.at(-1)!;
  const last = pieces.length - 1;
  const missing = pieces.findIndex((piece) => piece === undefined);
  throw invalidLine(line, `the rank is ${last}, but no line has rank ${missing}`);
}

function refuseMissingBytes(ranks: ReadonlyMap<string, number>): void {
  for (let byte = 0; byte < 256; byte++) {
    const base64 = Buffer.of(byte).toString("base64");
    if (!ranks.has(base64))
      throw invalidTokenizer(
        `no line has the byte ${byte}, in base64 ${base64}`,
        "a byte-level vocabulary needs all 256 bytes as pieces; get the file again",
      );
  }
}
