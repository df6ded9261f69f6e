import { describe, expect, test } from "vitest";
import {
  countChange,
  countUnit,
  decimals,
  powerUnit,
  scientific,
  shareText,
  tickLabels,
  timeUnit,
} from "../../../../lib/report/draw/units.ts";

test("both sides of a growth event are in one unit", () => {
  expect(countChange(420_000, 1_900_000)).toBe("0.42M → 1.9M");
  expect(countChange(16e9, 101.7e9)).toBe("16B → 102B");
  expect(countChange(800, 900)).toBe("800 → 900");
  expect(countChange(Number.NaN, 5)).toBe("–");
});

describe("an axis", () => {
  test("names its unit", () => {
    expect(countUnit("tokens", 1.5e6)).toEqual({ factor: 1e6, title: "tokens (M)" });
    expect(countUnit("tokens", 900)).toEqual({ factor: 1, title: "tokens" });
    expect(powerUnit("FLOPs", 4.7e15)).toEqual({ factor: 1e15, title: "FLOPs (10¹⁵)" });
    expect(powerUnit("lr", 4e-4).title).toBe("lr (10⁻⁴)");
    expect(powerUnit("lr", 0)).toEqual({ factor: 1, title: "lr" });
  });

  test("has just the decimals that tell its ticks apart", () => {
    expect(tickLabels([0, 500_000, 1_000_000], 1e6)).toEqual(["0.0", "0.5", "1.0"]);
    expect(tickLabels([0, 10, 20], 1)).toEqual(["0", "10", "20"]);
    expect(tickLabels([], 1)).toEqual([]);
  });
});

test("numbers in text", () => {
  expect(scientific(4.2e12)).toBe("4.20 × 10¹²");
  expect(scientific(1234)).toBe("1230");
  expect(scientific(2.5e-9)).toBe("2.50 × 10⁻⁹");
  expect(scientific(null)).toBe("–");
  expect(decimals(1.23456, 3)).toBe("1.235");
  expect(decimals(Number.NaN, 3)).toBe("–");
  expect(decimals(undefined, 3)).toBe("–");
});

test.each([
  [59, "time (s)", 1],
  [600, "time (min)", 60],
  [20_000, "time (h)", 3600],
  [1e6, "time (days)", 86_400],
])("%d seconds are drawn in %s", (longest, title, factor) => {
  expect(timeUnit("time", longest)).toEqual({ title, factor });
});

test("shares are percentages, small ones with more digits", () => {
  expect([0.000775, 0.412, 1, Number.NaN].map(shareText)).toEqual([
    "0.08 %",
    "41.2 %",
    "100.0 %",
    "–",
  ]);
});
