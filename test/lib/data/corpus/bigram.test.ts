import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BigramModel } from "../../../../lib/data/corpus/bigram.ts";
import { PairCounts } from "../../../../lib/data/corpus/pair-counts.ts";

const EOS = 4;
const tokens = fc
  .array(fc.integer({ min: 0, max: EOS }), { maxLength: 60 })
  .map((ids) => Uint16Array.from(ids));

describe("PairCounts", () => {
  it("counts pairs within documents", () => {
    fc.assert(
      fc.property(tokens, (ids) => {
        const counts = new PairCounts(ids, EOS, EOS + 1);
        const pairs = Array.from(ids.subarray(1), (right, i) => [ids[i]!, right]).filter(
          ([left]) => left !== EOS,
        );
        expect(counts.total).toBe(pairs.length);
        for (let a = 0; a <= EOS; a++) {
          expect(counts.left(a)).toBe(pairs.filter(([left]) => left === a).length);
          expect(counts.right(a)).toBe(pairs.filter(([, right]) => right === a).length);
          for (let b = 0; b <= EOS; b++)
            expect(counts.pair(a, b)).toBe(pairs.filter(([l, r]) => l === a && r === b).length);
        }
      }),
    );
  });
});

describe("BigramModel", () => {
  it("is a probability distribution in every context", () => {
    fc.assert(
      fc.property(tokens, (ids) => {
        const model = new BigramModel(ids, EOS, EOS + 1);
        for (let context = 0; context < EOS; context++) {
          let sum = 0;
          for (let next = 0; next <= EOS; next++)
            sum += Math.exp(-model.score(Uint16Array.of(context, next), EOS).loss_sum);
          expect(sum).toBeCloseTo(1, 9);
        }
      }),
    );
  });

  it("finds the entropy of a first-order source", () => {
    // From each token, the next higher one with probability 3/4, else the one after; 8 tokens in a ring.
    let state = 1;
    let token = 0;
    const ids = Uint16Array.from({ length: 200_000 }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (token = (token + (state < 0.75 * 2 ** 32 ? 1 : 2)) % 8);
    });
    const model = new BigramModel(ids.subarray(0, 150_000), 8, 9);
    const { loss_sum, targets } = model.score(ids.subarray(150_000), 8);
    const entropy = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
    expect(targets).toBe(49_999);
    expect(loss_sum / targets).toBeGreaterThan(entropy - 0.01);
    expect(loss_sum / targets).toBeLessThan(entropy + 0.01);
  });

  it("falls back to the uniform distribution without anything to count", () => {
    const model = new BigramModel(Uint16Array.of(), EOS, EOS + 1);
    expect(model.score(Uint16Array.of(1, 2, EOS, 3), EOS)).toEqual({
      loss_sum: 2 * Math.log(EOS + 1),
      targets: 2,
    });
  });
});
