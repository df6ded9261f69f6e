import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linearScale } from "../../../../lib/report/draw/scale.ts";

test("places from one end to the other", () => {
  expect([0, 5, 10].map(linearScale(0, 10).place)).toEqual([0, 500, 1000]);
  expect([0, 5, 10].map(linearScale(0, 10, true).place)).toEqual([1000, 500, 0]);
});

test("what lies far outside ends just outside", () => {
  const { place } = linearScale(0, 1);
  expect(place(1e300)).toBe(3000);
  expect(place(-1e300)).toBe(-2000);
});

test("one value alone gets room around it", () => {
  expect(linearScale(4, 4)).toMatchObject({ from: 2, to: 6 });
  expect(linearScale(0, 0)).toMatchObject({ from: -0.5, to: 0.5 });
});

/** What differs in the last bits alone, such as the losses of a model that learns nothing. */
test.each([
  [Math.LN2, Math.LN2 + Number.EPSILON / 2],
  [-1e15 - 1, -1e15],
  [0, 5e-324],
])("%d and %d are as good as one value", (from, to) => {
  const scale = linearScale(from, to);
  expect(scale.to - scale.from).toBeGreaterThanOrEqual(1);
  expect(scale.ticks(6).length).toBeGreaterThan(1);
});

describe("ticks", () => {
  test.each([
    [0, 10, 5, [0, 2, 4, 6, 8, 10]],
    [1.62, 3.7, 6, [2, 2.5, 3, 3.5]],
    [0, 4e-3, 4, [0, 0.001, 0.002, 0.003, 0.004]],
  ])("of %d to %d", (from, to, most, ticks) => {
    expect(linearScale(from, to).ticks(most)).toEqual(ticks);
  });

  test("are few, within the range and evenly spread", () => {
    const bound = fc.double({ min: -1e12, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(bound, fc.double({ min: 1e-6, max: 1e12 }), (from, size) => {
        fc.pre(from + size > from && size > Math.abs(from) * 1e-6);
        const ticks = linearScale(from, from + size).ticks(6);
        expect(ticks.length).toBeGreaterThan(0);
        expect(ticks.length).toBeLessThanOrEqual(8);
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(from - 1e-6 * size);
          expect(tick).toBeLessThanOrEqual(from + size + 1e-6 * size);
        }
      }),
    );
  });
});
