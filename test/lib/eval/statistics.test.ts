import { describe, expect, it } from "vitest";
import { groupMean, mcnemar, percent, wilson } from "../../../lib/eval/statistics.ts";

const column = (right: number, of: number) => Array.from({ length: of }, (_, i) => i < right);

describe("Wilson's interval", () => {
  // Newcombe 1998: 81 of 263 gives 0.2553 to 0.3662, 15 of 148 gives 0.0624 to 0.1605, 0 of 20 up to 0.1611.
  it.each([
    [81, 263, 25.53, 36.62],
    [15, 148, 6.24, 16.05],
    [0, 20, 0, 16.11],
    [20, 20, 83.89, 100],
  ])("of %i in %i", (right, of, low, high) => {
    const [from, to] = wilson(column(right, of));
    expect(from).toBeCloseTo(low, 2);
    expect(to).toBeCloseTo(high, 2);
  });

  it("ends at 0 and at 100 exactly, however many items there are", () => {
    for (let n = 1; n <= 300; n++) {
      expect(wilson(column(0, n))[0]).toBe(0);
      expect(wilson(column(n, n))[1]).toBe(100);
    }
  });
});

describe("a group's mean", () => {
  it("is that of its columns, however long they are", () => {
    const { score, ci95 } = groupMean([column(10, 10), column(50, 100)]);
    expect(score).toBe(75);
    expect(ci95[0]).toBeLessThan(75);
    expect(ci95[1]).toBeGreaterThan(75);
  });

  it("has an interval near the normal one for many items, the same each time", () => {
    const columns = [column(500, 1000)];
    const { ci95 } = groupMean(columns);
    expect(ci95[0]).toBeCloseTo(50 - 3.1, 0);
    expect(ci95[1]).toBeCloseTo(50 + 3.1, 0);
    expect(groupMean(columns).ci95).toEqual(ci95);
  });
});

describe("McNemar's test", () => {
  it.each([
    [0, 0, 1],
    [5, 5, 1],
    [0, 6, 2 / 64],
    [6, 0, 2 / 64],
    [1, 8, (2 * (1 + 9)) / 512],
  ])("of %i against %i is %f", (first, second, p) =>
    expect(mcnemar(first, second)).toBeCloseTo(p, 10),
  );

  it("stays finite for many items", () => {
    expect(mcnemar(1400, 1600)).toBeLessThan(1e-3);
    expect(mcnemar(0, 3000)).toBeLessThan(1e-300);
  });
});

it("percent", () => expect(percent([true, false, false, true])).toBe(50));
