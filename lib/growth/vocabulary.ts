import { FlmError } from "../errors.ts";
import type { BpeVocabulary } from "../native/types.ts";
import { type AxisMap, meanEntry, NEW } from "./axis-map.ts";

/** How the rows of a larger vocabulary come from those of a smaller one. */
export interface VocabularyMap {
  /** New id → old id; the mean of old rows for a new piece; `NEW` for what has no piece. */
  map: AxisMap;
  /** Old tokens that the smaller tokenizer splits a new piece into. */
  means: Int32Array[];
}

/** Byte-level BPE with its special tokens, which have no piece, by id. */
export interface VocabularyOf {
  vocabulary: BpeVocabulary;
  special: ReadonlyMap<number, string>;
}

/**
 * Where the larger tokenizer's merges begin with all of the smaller one's, every text is first merged as before and
 * then further, so that a new token always replaces the same run of old ones: its row starts as their mean. Special
 * tokens keep their rows by name.
 *
 * @throws FlmError GROWTH_INVALID where the larger tokenizer merges differently or lacks a token
 */
export function growVocabulary(from: VocabularyOf, to: VocabularyOf): VocabularyMap {
  const [oldPieces, newPieces] = [spellings(from.vocabulary), spellings(to.vocabulary)];
  refuseOtherMerges(mergesOf(from.vocabulary, oldPieces), mergesOf(to.vocabulary, newPieces));
  const oldIds = idsOf(oldPieces);
  const newIds = idsOf(newPieces);
  for (const piece of oldIds.keys())
    if (!newIds.has(piece))
      throw new FlmError("GROWTH_INVALID", `the larger tokenizer lacks the token ${show(piece)}`);

  const splits = new Map([...oldIds].map(([piece, id]) => [piece, [id]]));
  for (const [left, right] of mergesOf(to.vocabulary, newPieces)) {
    const parts = [splits.get(left), splits.get(right)];
    if (!splits.has(left + right) && parts[0] && parts[1])
      splits.set(left + right, [...parts[0], ...parts[1]]);
  }

  const oldSpecial = new Map([...from.special].map(([id, name]) => [name, id]));
  const means: Int32Array[] = [];
  const map = Int32Array.from(newPieces, (piece, id) => {
    const name = to.special.get(id);
    if (name !== undefined) return oldSpecial.get(name) ?? NEW;
    const split = splits.get(piece);
    if (split === undefined) return NEW;
    if (split.length === 1) return split[0]!;
    return meanEntry(means.push(Int32Array.from(split)) - 1);
  });
  return { map, means };
}

/** Each id's bytes, one character a byte; empty for special and unused ids. */
function spellings({ bytes, ends }: BpeVocabulary): string[] {
  return Array.from(ends, (end, id) =>
    Buffer.from(bytes.subarray(id === 0 ? 0 : ends[id - 1], end)).toString("latin1"),
  );
}

function idsOf(pieces: readonly string[]): Map<string, number> {
  return new Map(
    [...pieces.entries()].filter(([, piece]) => piece !== "").map(([id, p]) => [p, id]),
  );
}

type Merge = [left: string, right: string];

function mergesOf({ merges }: BpeVocabulary, pieces: readonly string[]): Merge[] {
  return Array.from({ length: merges.length / 2 }, (_, rank) => [
    pieces[merges[2 * rank]!]!,
    pieces[merges[2 * rank + 1]!]!,
  ]);
}

function refuseOtherMerges(from: readonly Merge[], to: readonly Merge[]): void {
  for (const [rank, [left, right]] of from.entries()) {
    const other = to[rank];
    if (other?.[0] === left && other[1] === right) continue;
    throw new FlmError(
      "GROWTH_INVALID",
      `merge ${rank} of the smaller tokenizer is ${show(left)} + ${show(right)}, of the larger one ` +
        (other ? `${show(other[0])} + ${show(other[1])}` : "missing"),
      { hint: "use a larger tokenizer whose merges begin with all of the smaller one's" },
    );
  }
}

function show(piece: string): string {
  return JSON.stringify(Buffer.from(piece, "latin1").toString());
}
