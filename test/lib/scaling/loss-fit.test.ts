import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lossAt } from "../../../lib/scaling/loss-curve.ts";
import { findLossFit, fitLoss, predictLoss } from "../../../lib/scaling/loss-fit.ts";
import { failure } from "../failure.ts";

/** Released with arXiv 2304.06875: GPT-2 of 6 layers at step 20k; millions of parameters, loss. */
const RELEASED = [
  [8.53, 3.9181],
  [21.56, 3.6054],
  [39.09, 3.4431],
  [61.12, 3.3542],
  [87.65, 3.2902],
  [118.68, 3.2478],
  [154.21, 3.224],
  [194.24, 3.1797],
  [676.48, 3.0854],
  [1446.72, 3.0425],
].map(([x, loss]) => ({ x: x!, loss: loss! }));

describe("the released example, fitted to its seven smallest widths", () => {
  const fit = fitLoss(RELEASED.slice(0, 7));

  test("a, b, c", () => {
    expect(fit.a).toBeCloseTo(2.4694, 3);
    expect(fit.b).toBeCloseTo(-0.4231, 4);
    expect(fit.c).toBeCloseTo(2.9233, 4);
  });

  test.each([
    [7, 3.189, 0.29],
    [8, 3.08, -0.17],
    [9, 3.0369, -0.18],
  ])("held-out point %d: %d, off by %d %%", (i, predicted, percent) => {
    const { x, loss } = RELEASED[i]!;
    const found = predictLoss(fit, x);
    expect(found.loss).toBeCloseTo(predicted, 4);
    expect(100 * (found.loss / loss - 1)).toBeCloseTo(percent, 1);
    expect(found.interval!.low).toBeLessThan(loss);
    expect(found.interval!.high).toBeGreaterThan(found.loss);
  });

  test("its intervals hold the estimates and are as wide as the standard errors suggest", () => {
    const { a, b, c } = fit.intervals!;
    for (const [value, { low, high }] of [
      [fit.a, a],
      [fit.b, b],
      [fit.c, c],
    ] as const) {
      expect(low).toBeLessThan(value);
      expect(high).toBeGreaterThan(value);
    }
    // Published standard errors of a least-squares fit: 0.071, 0.028, 0.038; a 95 % interval is about 4 of them.
    expect(b.high - b.low).toBeGreaterThan(2 * 0.028);
    expect(b.high - b.low).toBeLessThan(8 * 0.028);
  });
});

test("any curve is found again from points on it, in any unit", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.5, max: 10, noNaN: true }),
      fc.double({ min: -0.8, max: -0.1, noNaN: true }),
      fc.double({ min: 1, max: 4, noNaN: true }),
      fc.constantFrom(1, 1e6, 1e18),
      (a, b, c, unit) => {
        const curve = { a: a * unit ** -b, b, c };
        const points = [1, 3, 10, 30, 100].map((x) => ({
          x: x * unit,
          loss: lossAt(curve, x * unit),
        }));
        const fit = fitLoss(points);
        expect(fit.b).toBeCloseTo(b, 3);
        expect(lossAt(fit, 1000 * unit)).toBeCloseTo(lossAt(curve, 1000 * unit), 3);
      },
    ),
    { numRuns: 20 },
  );
});

describe("too little to fit", () => {
  const points = RELEASED.slice(0, 2);

  test("two sizes are refused, however many runs", () => {
    const error = failure(() => fitLoss([...points, ...points]));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toContain("the runs have 2 different sizes");
  });

  test("three sizes fit exactly, so there is no interval", () => {
    const fit = fitLoss(RELEASED.slice(0, 3));
    expect(fit.intervals).toBeNull();
    expect(predictLoss(fit, 100).interval).toBeNull();
    expect(fit.rms_error).toBeLessThan(1e-6);
  });

  test("a loss that is no number is named, and so is an x that no model has", () => {
    const error = failure(() => fitLoss([...RELEASED, { x: 5, loss: NaN }]));
    expect(error.message).toContain("x 5, loss NaN");
    const huge = failure(() => fitLoss([...RELEASED, { x: 1e100, loss: 3 }]));
    expect(huge.message).toContain("x 1e+100, loss 3");
    const fit = fitLoss(RELEASED);
    expect(failure(() => predictLoss(fit, 1e-100)).message).toContain("x 1e-100");
  });
});

describe("losses that follow no such curve", () => {
  const AT_ONCE = "they level off at once";
  const NEVER = "they do not level off";
  const RISING = "they do not fall";
  test.each<[string, string, [x: number, loss: number][]]>([
    [
      "near sizes, the middle one best",
      AT_ONCE,
      [
        [1e6, 3],
        [1.1e6, 2.97],
        [1.21e6, 2.98],
      ],
    ],
    [
      "the same over FLOPs",
      AT_ONCE,
      [
        [1.23e12, 3.1],
        [1.6e12, 3],
        [2.09e12, 3.005],
      ],
    ],
    [
      "sizes of a percent",
      AT_ONCE,
      [
        [1e6, 3],
        [1.01e6, 2.99],
        [1.02e6, 2.985],
        [1.03e6, 2.981],
      ],
    ],
    [
      "a jump",
      AT_ONCE,
      [
        [1e5, 3],
        [1e7, 2],
        [1e9, 2],
      ],
    ],
    [
      "down and up",
      AT_ONCE,
      [
        [1e5, 3],
        [3e5, 2.5],
        [1e6, 2.9],
      ],
    ],
    [
      "ever faster",
      NEVER,
      [
        [1e6, 3],
        [1e7, 2.5],
        [1e8, 1.9],
      ],
    ],
    [
      "a line over ln x",
      NEVER,
      [
        [1e6, 3],
        [1e7, 2.999],
        [1e8, 2.998],
        [1e9, 2.997],
      ],
    ],
    [
      "up",
      RISING,
      [
        [1e5, 3],
        [3e5, 3.1],
        [1e6, 3.2],
        [3e6, 3.5],
      ],
    ],
    [
      "all equal",
      RISING,
      [
        [1e5, 3],
        [3e5, 3],
        [1e6, 3],
      ],
    ],
    [
      "scatter",
      "they fall no further than they scatter",
      [
        [1e5, 3],
        [1e5, 2.5],
        [1e6, 2.94],
        [1e6, 2.44],
        [1e7, 2.92],
        [1e7, 2.42],
      ],
    ],
  ])("%s: %s", (_, reason, points) => {
    const error = failure(() => fitLoss(points.map(([x, loss]) => ({ x, loss }))));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toContain(reason);
  });
});

test("a power law without a floor is one where it fits exactly", () => {
  const points = [1e5, 1e6, 1e7].map((x) => ({ x, loss: 10 * x ** -0.1 }));
  expect(fitLoss(points).c).toBeCloseTo(0, 6);
  expect(predictLoss(fitLoss(points), 1e8).loss).toBeCloseTo(10 * 1e8 ** -0.1, 6);
});

test("whatever the losses, there is a finite fit or a reason", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          x: fc.constantFrom(1, 1.0000001, 1e6, 1.01e6, 3e6, 1e18, 1e24, 1e24 * (1 + 2 ** -52)),
          loss: fc.double({ min: 1e-6, max: 20, noNaN: true }),
        }),
        { minLength: 3, maxLength: 8 },
      ),
      (points) => {
        fc.pre(new Set(points.map(({ x }) => x)).size >= 3);
        const fit = findLossFit(points);
        if (typeof fit === "string") return;
        const { a, b, c, rms_error, intervals } = fit;
        const { loss, interval } = predictLoss(fit, 1e27);
        const ranges = [...Object.values(intervals ?? {}), ...(interval ? [interval] : [])];
        for (const value of [a, b, c, rms_error, loss, ...ranges.flatMap(Object.values)])
          expect(value).toSatisfy(Number.isFinite);
      },
    ),
    { numRuns: 50 },
  );
});
