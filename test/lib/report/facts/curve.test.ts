import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extremes, quantile, smooth, thin } from "../../../../lib/report/facts/curve.ts";

describe("thinning", () => {
  test("keeps short lines as they are", () => {
    expect(thin([3, Number.NaN, 1], 3)).toEqual([0, 1, 2]);
    expect(thin([])).toEqual([]);
  });

  test("keeps the extremes of every stretch, in order, and stretches of gaps", () => {
    expect(thin([5, 1, 9, 2, Number.NaN, Number.NaN, Number.NaN, Number.NaN], 4)).toEqual([
      1, 2, 4,
    ]);
  });

  test("is short and ascending, and loses neither the least nor the greatest", () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant(Number.NaN),
    );
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 300 }),
        fc.integer({ min: 2, max: 50 }),
        (values, most) => {
          const indices = thin(values, most);
          expect(indices.length).toBeLessThanOrEqual(Math.max(most, 0));
          for (let i = 1; i < indices.length; i++)
            expect(indices[i]).toBeGreaterThan(indices[i - 1]!);
          const kept = indices.map((i) => values[i]!).filter(Number.isFinite);
          const all = values.filter(Number.isFinite);
          expect(Math.min(...kept)).toBe(Math.min(...all));
          expect(Math.max(...kept)).toBe(Math.max(...all));
        },
      ),
    );
  });

  test("takes a million points to 2000", () => {
    const values = Array.from({ length: 1_000_000 }, (_, i) => Math.sin(i));
    values[654_321] = 50;
    const indices = thin(values);
    expect(indices.length).toBeLessThanOrEqual(2000);
    expect(indices).toContain(654_321);
  });
});

describe("smoothing", () => {
  test("is a centred mean", () => {
    expect(smooth([0, 3, 6, 0], [0, 0, 0, 0], 1)).toEqual([1.5, 3, 3, 3]);
    expect(smooth([1, 2], [0, 0], 0)).toEqual([1, 2]);
  });

  test("stays within a stage", () => {
    expect(smooth([1, 1, 9, 9], [0, 0, 1, 1], 5)).toEqual([1, 1, 9, 9]);
  });

  test("passes over what is not finite", () => {
    expect(smooth([1, Number.NaN, 3], [0, 0, 0], 1)).toEqual([1, Number.NaN, 3]);
    expect(smooth([Number.NaN, Number.NaN], [0, Number.NaN], 1)).toEqual([Number.NaN, Number.NaN]);
  });
});

test("quantiles are of the finite entries", () => {
  expect(quantile([4, Number.NaN, 1, 3, 2, Infinity], 0.5)).toBe(3);
  expect(quantile([4, 1], 1)).toBe(4);
  expect(quantile([4, 1], 0)).toBe(1);
  expect(quantile([Number.NaN], 0.5)).toBeNaN();
});

test("extremes are of the finite entries", () => {
  expect(extremes([2, Number.NaN, 5, -Infinity])).toEqual({ least: 2, greatest: 5 });
  expect(extremes([Number.NaN])).toEqual({ least: Number.NaN, greatest: Number.NaN });
});
