import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layLabels, shortened, spread } from "../../../../lib/report/draw/labels.ts";

const text = { before: "large: ", short: "0.42M → 1.9M", after: " parameters" };

describe("labels at marks", () => {
  test("share a lane where they fit, and rise where they do not", () => {
    const lanes = (...shares: number[]) =>
      layLabels(shares.map((share) => ({ share, text }))).map(({ lane }) => lane);
    expect(lanes(0, 1)).toEqual([0, 0]);
    expect(lanes(0, 0.1, 0.2)).toEqual([0, 1, 2]);
  });

  test("stay inside the plot", () => {
    const ends = layLabels([0, 0.49, 0.51, 1].map((share) => ({ share, text })));
    expect(ends.map(({ endsAtMark }) => endsAtMark)).toEqual([false, false, true, true]);
  });
});

test("a name that is too long loses its middle", () => {
  expect(shortened("large", 5)).toBe("large");
  expect(shortened("larger", 5)).toBe("la…er");
  expect(shortened("sweep-of-rates-0.001", 8)).toBe("swee…001");
  expect(shortened("🌱🌱🌱🌱", 3)).toBe("🌱…🌱");
});

describe("labels at the ends of lines", () => {
  test("stay where they are when they are apart", () => {
    expect(spread([0.5, 0.1], 0.05)).toEqual([0.5, 0.1]);
  });

  test("are moved apart, in order, and upwards at the bottom", () => {
    const [a, b, c] = spread([1, 0.99, 0.2], 0.05);
    expect(c).toBe(0.2);
    expect(a).toBeCloseTo(1.025, 9);
    expect(b).toBeCloseTo(0.975, 9);
  });

  test("are always a gap apart", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (positions) => {
        const placed = spread(positions, 0.05).toSorted((a, b) => a - b);
        for (let i = 1; i < placed.length; i++)
          expect(placed[i]! - placed[i - 1]!).toBeGreaterThan(0.05 - 1e-9);
      }),
    );
  });
});
