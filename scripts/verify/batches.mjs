// Token files and the pieces of batches, all a function of nothing: the same numbers in every run.
import { rm } from "node:fs/promises";
import { TokenFileWriter } from "../../dist/data/corpus/token-file-writer.js";
import { PIECE_LAST_TARGET, PIECE_NEW_SEGMENT } from "../../dist/native/types.js";

/** Lengths of the contexts whose next-token distribution is compared in full. */
const CONTEXT_LENGTHS = [1, 7, 16, 24];

/** A stream that can be learned: mostly an affine map of the token before, at times any token. */
export function makeTokens(count, vocab_size) {
  const tokens = [1];
  let state = 12345;
  const random = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  while (tokens.length < count)
    tokens.push(random(4) === 0 ? random(vocab_size) : (5 * tokens.at(-1) + 3) % vocab_size);
  return tokens;
}

/**
 * The pieces of step `index` from token file 0. Even rows are one piece; odd rows are two, each a document of its own,
 * the first without a target at its end.
 */
export function stepPieces(index, rows, seq_length, tokens) {
  const pieces = [];
  const first = Math.floor(seq_length / 3);
  for (let row = 0; row < rows; row++) {
    const at = ((index * rows + row) * 37) % (tokens.length - 2 * seq_length);
    if (row % 2 === 0) pieces.push(row, 0, at, seq_length, PIECE_NEW_SEGMENT | PIECE_LAST_TARGET);
    else {
      pieces.push(row, 0, at, first, PIECE_NEW_SEGMENT);
      const rest = seq_length - first;
      pieces.push(row, 0, at + first + 5, rest, PIECE_NEW_SEGMENT | PIECE_LAST_TARGET);
    }
  }
  return pieces;
}

/**
 * Log-probabilities of a whole vocabulary out of losses: a context is laid out once for every token, with that token
 * behind it as the target. Returns the contexts, and the tokens and pieces of token file 1.
 */
export function everyNextToken(tokens, vocab_size) {
  const contexts = CONTEXT_LENGTHS.map((length, i) => tokens.slice(50 * i, 50 * i + length));
  const file = [];
  const pieces = contexts.map((context) =>
    Array.from({ length: vocab_size }, (_, next) => {
      const offset = file.length;
      file.push(...context, next);
      return [next, 1, offset, context.length, PIECE_NEW_SEGMENT | PIECE_LAST_TARGET];
    }).flat(),
  );
  return { contexts, file, pieces };
}

export async function writeTokenFile(path, tokens, vocab_size) {
  await rm(path, { force: true });
  const writer = await TokenFileWriter.create(path, vocab_size, 0);
  try {
    await writer.append([Uint32Array.from(tokens)]);
    await writer.finish();
  } finally {
    await writer.close();
  }
}
