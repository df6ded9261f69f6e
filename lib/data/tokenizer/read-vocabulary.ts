import type { BpeVocabulary } from "../../native/types.ts";
import { readSpelling } from "./byte-alphabet.ts";
import { invalidTokenizer, isCount, isObject, type JsonObject, show } from "./json-object.ts";
import type { AddedTokens } from "./read-added.ts";

/** Far above every published vocabulary; it keeps one mistyped id from asking for all memory. */
export const MAX_VOCAB_SIZE = 2 ** 24;

/** The pieces and merges of a tokenizer.json's `model`, with the ids that the file gives them. */
export function readVocabulary(model: JsonObject, added: AddedTokens): BpeVocabulary {
  if (!isObject(model.vocab)) throw invalidTokenizer("model.vocab is not an object");
  const ids = readIds(model.vocab);
  const pieces = readPieces(ids, added);
  return { ...joinPieces(pieces), merges: readMerges(model.merges, ids) };
}

function readIds(vocab: JsonObject): Map<string, number> {
  const ids = new Map<string, number>();
  for (const [piece, id] of Object.entries(vocab)) {
    if (!isCount(id))
      throw invalidTokenizer(`model.vocab: the id of ${show(piece)} is ${show(id)}`);
    ids.set(piece, id);
  }
  return ids;
}

/** The bytes of each id; none for special and unused ones. */
function readPieces(
  ids: Map<string, number>,
  { special, words }: AddedTokens,
): (Uint8Array | undefined)[] {
  const all = [...ids.values(), ...special.keys(), ...words.keys()];
  const largest = all.reduce((a, b) => Math.max(a, b), -1);
  if (largest >= MAX_VOCAB_SIZE)
    throw invalidTokenizer(
      `model.vocab: id ${largest} is above the limit of ${MAX_VOCAB_SIZE - 1}`,
    );
  const pieces = new Array<Uint8Array | undefined>(largest + 1).fill(undefined);
  for (const [id, word] of words) pieces[id] = Buffer.from(word);
  for (const [piece, id] of ids) {
    if (special.get(id) === piece || words.get(id) === piece) continue;
    if (special.has(id) || pieces[id])
      throw invalidTokenizer(`model.vocab: ${show(piece)} has the id ${id} of another token`);
    const bytes = readSpelling(piece);
    if (bytes === null || bytes.length === 0)
      throw invalidTokenizer(`model.vocab: ${show(piece)} is not spelled in GPT-2's byte alphabet`);
    pieces[id] = bytes;
  }
  return pieces;
}

/** Pieces by id, one after another. */
export function joinPieces(
  pieces: readonly (Uint8Array | undefined)[],
): Omit<BpeVocabulary, "merges"> {
  const ends = new Uint32Array(pieces.length);
  let end = 0;
  for (const [id, piece] of pieces.entries()) {
    end += piece?.length ?? 0;
    ends[id] = end;
  }
  return { bytes: Buffer.concat(pieces.filter((piece) => piece !== undefined)), ends };
}

function readMerges(merges: unknown, ids: ReadonlyMap<string, number>): Uint32Array {
  if (!Array.isArray(merges)) throw invalidTokenizer("model.merges is not a list");
  const flat = new Uint32Array(2 * merges.length);
  for (const [rank, merge] of (merges as unknown[]).entries()) {
    const pair: unknown = typeof merge === "string" ? merge.split(" ") : merge;
    const [left, right] =
      Array.isArray(pair) && pair.length === 2 ? pair.map((p) => ids.get(p)) : [];
    if (left === undefined || right === undefined)
      throw invalidTokenizer(
        `model.merges: entry ${rank}, ${show(merge)}, is not two tokens of model.vocab`,
      );
    flat.set([left, right], 2 * rank);
  }
  return flat;
}
