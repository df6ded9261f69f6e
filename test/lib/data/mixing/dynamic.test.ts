import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dynamicShares } from "../../../../lib/data/mixing/dynamic.ts";

const sources = fc.array(
  fc.record({
    weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
    excess: fc.double({ min: -3, max: 3, noNaN: true }),
  }),
  { minLength: 2, maxLength: 6 },
);

describe("dynamicShares", () => {
  it("has the printed formula", () => {
    // u = softmax(ln w + excess) = w e^excess / sum; w' = (1 - 1e-4) u + 1e-4 / 2.
    const [first, second] = dynamicShares([0.25, 0.75], [Math.log(3), 0]);
    expect(first).toBeCloseTo((1 - 1e-4) * 0.5 + 0.5e-4, 15);
    expect(second).toBeCloseTo((1 - 1e-4) * 0.5 + 0.5e-4, 15);
    const [less] = dynamicShares([0.5, 0.5], [-1, 0]);
    const u = Math.exp(-1) / (1 + Math.exp(-1));
    expect(less).toBeCloseTo((1 - 1e-4) * u + 0.5e-4, 15);
  });

  it("gives shares of 1 in all, more to what lies further above its reference", () => {
    fc.assert(
      fc.property(sources, (all) => {
        const total = all.reduce((sum, { weight }) => sum + weight, 0);
        const before = all.map(({ weight }) => weight / total);
        const excess = all.map((source) => source.excess);
        const after = dynamicShares(before, excess);
        expect(after.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
        const worst = excess.indexOf(Math.max(...excess));
        expect(after[worst]!).toBeGreaterThanOrEqual(before[worst]! * (1 - 1e-4));
        for (const share of after) expect(share).toBeGreaterThanOrEqual(0.99e-4 / all.length);
      }),
    );
  });

  it("does not overflow, and leaves an empty source at 0", () => {
    expect(dynamicShares([0.5, 0.5, 0], [900, -900, 5])).toEqual([
      expect.closeTo(1 - 0.5e-4, 12),
      expect.closeTo(0.5e-4, 12),
      0,
    ]);
  });
});
