import { describe, expect, test } from "vitest";
import { growthCurve, powerLaw } from "../../../../lib/scaling/corpus/growth-curve.ts";

describe("growthCurve", () => {
  test("counts sequences inside documents only, each exactly", () => {
    const documents = [[1, 2, 1, 2], [2, 1], [3]];
    const { points, is_exact } = growthCurve(documents, 2);
    // 12 21 12 | 21 | nothing
    expect(points.at(-1)).toEqual({ sequences: 4, unique: 2, repeated: 2 });
    expect(is_exact).toBe(true);
    expect(growthCurve(documents, 1).points.at(-1)).toMatchObject({ sequences: 7, unique: 3 });
  });

  test("has points at halves of halves of the whole, each by a factor of √2", () => {
    const units = Array.from({ length: 4096 }, (_, i) => i);
    const { points } = growthCurve([units], 1);
    expect(points).toHaveLength(17);
    expect(points.map(({ sequences }) => sequences).slice(-3)).toEqual([2048, 2896, 4096]);
    expect(points.every(({ sequences, unique }) => sequences === unique)).toBe(true);
  });

  test("sequences longer than every document have no point", () => {
    expect(growthCurve([[1, 2], [3]], 5).points).toEqual([]);
  });
});

describe("powerLaw", () => {
  const curve = (unique: (sequences: number) => number) =>
    Array.from({ length: 17 }, (_, k) => {
      const sequences = 1e3 * 2 ** (k / 2);
      return { sequences, unique: unique(sequences), repeated: null };
    });

  test("finds the exponent of one", () => {
    const law = powerLaw(
      curve((d) => 7 * d ** 0.58),
      "unique",
    )!;
    for (const found of [law.gamma, law.gamma_upper, law.local_exponent])
      expect(found).toBeCloseTo(0.58, 9);
    expect(law.curvature).toBeCloseTo(0, 9);
    expect(law.r_squared).toBeCloseTo(1, 12);
    expect(law.is_single).toBe(true);
  });

  test("says when it is none", () => {
    const law = powerLaw(
      curve((d) => Math.exp(Math.log(d) - 0.05 * Math.log(d) ** 2)),
      "unique",
    )!;
    expect(law.curvature).toBeCloseTo(-0.05, 9);
    expect(law.gamma_upper).toBeLessThan(law.gamma - 0.03);
    expect(law.is_single).toBe(false);
  });

  test("needs three points", () => {
    expect(powerLaw(curve((d) => d).slice(0, 2), "unique")).toBeNull();
    expect(
      powerLaw(
        curve((d) => d),
        "repeated",
      ),
    ).toBeNull();
  });
});
