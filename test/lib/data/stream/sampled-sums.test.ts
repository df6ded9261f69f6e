import { describe, expect, it } from "vitest";
import { SampledSums } from "../../../../lib/data/stream/sampled-sums.ts";

/** Terms of 0 to 3, many of them 0, in an order that only `seed` decides. */
function termsOf(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.max(0, ((state >>> 16) % 7) - 3);
  });
}

const COUNTS = [1, 2, 15, 16, 17, 32, 100, 1000];

describe("SampledSums", () => {
  it.each(COUNTS)("of %i terms are those of a list of all sums", (count) => {
    const terms = termsOf(count, count);
    const sums = new SampledSums(count, (i) => terms[i]!);
    const before = [0];
    for (const term of terms) before.push(before.at(-1)! + term);
    expect(sums.total).toBe(before.pop());
    expect(terms.map((_, i) => sums.before(i))).toEqual(before);
    for (let value = 0; value < sums.total; value++) {
      const index = before.findLastIndex((sum) => sum <= value);
      expect(sums.find(value)).toEqual({ index, before: before[index] });
    }
  });

  it("of no terms are 0", () => {
    expect(new SampledSums(0, () => 1).total).toBe(0);
  });

  it("find the last index where all terms behind it are 0", () => {
    const sums = new SampledSums(40, (i) => (i === 3 ? 5 : 0));
    expect(sums.find(4)).toEqual({ index: 3, before: 0 });
  });
});
