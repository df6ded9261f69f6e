import { readDocumentIndex, readTokens } from "../data/corpus/document-index.ts";
import type { PreparedData, RowPieces, Tokenizer } from "../data/types.ts";
import { PIECE_LAST_TARGET, PIECE_NEW_SEGMENT } from "../native/types.ts";

/** Text as rows of token files, and the bytes that their targets stand for. */
export interface TextRows {
  rows: RowPieces[];
  bytes: number;
}

/** The beginning of a document in the tokens of one tokenizer. */
interface Beginning {
  /** Where it lies in its token file. */
  start: number;
  tokens: Uint16Array | Uint32Array;
}

type Side = Pick<PreparedData, "files" | "tokenizer">;

/**
 * The same text for both sides of an event at which the vocabulary grows: the first documents, those of validation
 * before those of training; of one that a row cannot hold, as much as ends with a token on both sides.
 *
 * @param after its tokens are made of one or several of `before`'s
 * @param count of rows; there are fewer where there is not so much text
 */
export function sameText(
  before: Side,
  after: Side,
  seq_length: number,
  count: number,
): { before: TextRows; after: TextRows } {
  const sides = [new RowsOfText(before.tokenizer), new RowsOfText(after.tokenizer)] as const;
  let room = 0;
  for (const { file, beginnings } of documents([before, after], seq_length)) {
    const startsRow = room === 0;
    if (startsRow && sides[0].rows.length === count) break;
    if (startsRow) room = seq_length;
    const [old] = beginnings;
    const isWhole = old.tokens.length <= room + 1;
    if (!isWhole) old.tokens = old.tokens.subarray(0, room + 1);
    const lengths = commonLengths(beginnings, [before.tokenizer, after.tokenizer]);
    const isEmpty = Math.min(...lengths) < 2;
    for (const [i, side] of sides.entries())
      if (!isEmpty) side.append(file, beginnings[i]!, lengths[i]!, startsRow);
    // What is cut ends its row.
    room = isWhole && !isEmpty ? room - (lengths[0] - 1) : 0;
  }
  return { before: sides[0], after: sides[1] };
}

/** The documents of the validation files, then of the training files; of each as much as a row may hold. */
function* documents(
  sides: readonly [Side, Side],
  seq_length: number,
): Generator<{ file: number; beginnings: [Beginning, Beginning] }> {
  const { length } = sides[0].files;
  for (let i = 0; i < length; i++) {
    const file = (i + length / 2) % length;
    const files = sides.map((side) => {
      const path = side.files[file]!;
      return { path, index: readDocumentIndex(path)! };
    });
    for (let document = 0; document < files[0]!.index.count; document++) {
      const beginnings = files.map(({ path, index }) => {
        const start = index.start(document);
        const most = Math.min(index.length(document), seq_length + 1);
        return { start, tokens: readTokens(path, most, start)! };
      });
      yield { file, beginnings: beginnings as [Beginning, Beginning] };
    }
  }
}

/** Tokens of either beginning that make the longest text which ends with a token in both. */
function commonLengths(
  beginnings: readonly [Beginning, Beginning],
  tokenizers: readonly [Tokenizer, Tokenizer],
): [number, number] {
  const [ends, others] = beginnings.map(({ tokens }, side) => {
    let end = 0;
    // A special token has no bytes, but is the same one in both.
    return Array.from(tokens, (id) => (end += Math.max(1, tokenizers[side]!.bytesOf(id))));
  }) as [number[], number[]];
  const common = new Set(others);
  const last = ends.findLast((end) => common.has(end));
  return last === undefined ? [0, 0] : [ends.indexOf(last) + 1, others.indexOf(last) + 1];
}

class RowsOfText implements TextRows {
  readonly rows: RowPieces[] = [];
  bytes = 0;
  readonly #tokenizer: Tokenizer;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** The first `length` tokens of a document: all but its first one are targets. */
  append(file: number, { start, tokens }: Beginning, length: number, startsRow: boolean): void {
    const piece = [0, file, start, length - 1, PIECE_NEW_SEGMENT | PIECE_LAST_TARGET];
    const row = startsRow ? [] : [...this.rows.pop()!];
    this.rows.push(Float64Array.of(...row, ...piece));
    for (const id of tokens.subarray(1, length)) this.bytes += this.#tokenizer.bytesOf(id);
  }
}
