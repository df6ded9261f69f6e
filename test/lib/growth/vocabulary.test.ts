import fc from "fast-check";
import { expect, test } from "vitest";
import { NEW } from "../../../lib/growth/axis-map.ts";
import { growthLoadPlan } from "../../../lib/growth/moves.ts";
import { planGrowth } from "../../../lib/growth/plan.ts";
import { growVocabulary, type VocabularyOf } from "../../../lib/growth/vocabulary.ts";
import { scalingOf } from "../../../lib/scaling/mup.ts";
import { LARGE, SMALL } from "./shapes.ts";

const END = "<|endoftext|>";

/** Pieces a, b, c, then one for each merge, then the token that ends documents. */
function bpe(...merges: [string, string][]): VocabularyOf {
  const pieces = ["a", "b", "c", ...merges.map(([left, right]) => left + right), ""];
  let end = 0;
  return {
    special: new Map([[pieces.length - 1, END]]),
    vocabulary: {
      bytes: Buffer.from(pieces.join("")),
      ends: Uint32Array.from(pieces, (piece) => (end += piece.length)),
      merges: Uint32Array.from(
        merges.flatMap(([left, right]) => [pieces.indexOf(left), pieces.indexOf(right)]),
      ),
    },
  };
}

const FROM = bpe(["a", "b"], ["ab", "c"]);

test("old tokens keep their rows, new ones are the mean of what the old tokenizer splits them into", () => {
  const to = bpe(["a", "b"], ["ab", "c"], ["abc", "c"], ["abcc", "ab"]);
  const { map, means } = growVocabulary(FROM, to);
  expect([...map]).toEqual([0, 1, 2, 3, 4, -2, -3, 5]);
  expect(means.map((rows) => [...rows])).toEqual([
    [4, 2],
    [4, 2, 3],
  ]);
});

test("tokens are found again under other ids", () => {
  const { vocabulary } = bpe(["a", "b"], ["ab", "c"]);
  const ends = Uint32Array.of(0, ...vocabulary.ends.slice(0, -1));
  const merges = vocabulary.merges.map((id) => id + 1);
  const to = { special: new Map([[0, END]]), vocabulary: { ...vocabulary, ends, merges } };
  expect([...growVocabulary(FROM, to).map]).toEqual([5, 0, 1, 2, 3, 4]);
});

test("an unchanged tokenizer has nothing new", () => {
  const { map, means } = growVocabulary(FROM, FROM);
  expect([...map]).toEqual([...map.keys()]);
  expect(means).toEqual([]);
});

test.each([
  ["other merges", bpe(["a", "b"], ["b", "c"], ["ab", "c"]), "merge 1 of the smaller tokenizer"],
  ["fewer merges", bpe(["a", "b"]), "missing"],
])("%s are refused", (_, to, message) => {
  expect(() => growVocabulary(FROM, to)).toThrow(message);
});

test("a text in new tokens, each split, is the text in old tokens", () => {
  const letter = fc.constantFrom("a", "b", "c");
  const draws = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 });
  fc.assert(
    fc.property(
      draws,
      fc.nat(12),
      fc.string({ unit: letter, maxLength: 30 }),
      (pairs, old, text) => {
        const merges = drawnMerges(pairs);
        const { map, means } = growVocabulary(bpe(...merges.slice(0, old)), bpe(...merges));
        const split = encode(text, merges).flatMap((id) => {
          const entry = map[id]!;
          return entry < 0 ? [...means[-2 - entry]!] : [entry];
        });
        expect(split).toEqual(encode(text, merges.slice(0, old)));
      },
    ),
  );
});

/** Merges of pieces that are there already, each result once. */
function drawnMerges(draws: readonly [number, number][]): [string, string][] {
  const pieces = ["a", "b", "c"];
  const merges: [string, string][] = [];
  for (const [i, j] of draws) {
    const [left, right] = [pieces[i % pieces.length]!, pieces[j % pieces.length]!];
    if (pieces.includes(left + right)) continue;
    merges.push([left, right]);
    pieces.push(left + right);
  }
  return merges;
}

/** Applies merges in the order of their ranks, each from left to right. */
function encode(text: string, merges: readonly [string, string][]): number[] {
  const ids = new Map(["a", "b", "c", ...merges.map(([l, r]) => l + r)].map((p, id) => [p, id]));
  let parts = [...text];
  for (const [left, right] of merges) {
    const merged: string[] = [];
    for (const part of parts)
      if (part === right && merged.at(-1) === left) merged.splice(-1, 1, left + right);
      else merged.push(part);
    parts = merged;
  }
  return parts.map((part) => ids.get(part)!);
}

test("the load plan averages weights and starts moments at zero", () => {
  const vocabulary = growVocabulary(FROM, bpe(["a", "b"], ["ab", "c"], ["c", "c"]));
  const from = { ...SMALL, vocab_size: 6 };
  // One row more than the tokenizer has tokens.
  const plan = planGrowth(from, { ...LARGE, vocab_size: 8 }, MASKED, vocabulary);
  expect(plan.preserving).toBe(false);
  const { maps, means, moves } = growthLoadPlan(plan, SOURCE, NUMBERS);
  expect(means).toEqual([Int32Array.of(2, 2)]);
  const rows = (kind: string) => {
    const move = moves.find((each) => each.tensor === "embedding.weight" && each.kind === kind);
    return [...maps[move!.row_map]!];
  };
  expect(rows("master")).toEqual([0, 1, 2, 3, 4, -2, 5, NEW]);
  expect(rows("exp_avg")).toEqual([0, 1, 2, 3, 4, NEW, 5, NEW]);
});

test("a model with fewer rows than the larger tokenizer has tokens is refused", () => {
  const vocabulary = growVocabulary(FROM, bpe(["a", "b"], ["ab", "c"], ["c", "c"]));
  const from = { ...SMALL, vocab_size: 6 };
  expect(() => planGrowth(from, from, MASKED, vocabulary)).toThrow(
    "below the larger tokenizer's 7 tokens",
  );
});

const MASKED = { depth: "stack", width: "mask", ramp_steps: 4 } as const;
const SOURCE = {
  optimizer_steps: {},
  tensor: () => ({ file: "shard", offset: 0, dtype: "f32", rows: 6, cols: 16 }) as const,
};
const NUMBERS = {
  seed: 7,
  scaling: scalingOf({ init_std: 0.02, mup: null }, LARGE),
  final_norm_factor: 1,
  optimizer_step: "carry",
} as const;
