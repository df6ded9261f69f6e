import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitLoss, lossAt, predictLoss } from "../../../lib/scaling/loss-fit.ts";
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
    expect(error.message).toContain("only 2 different sizes");
  });

  test("three sizes fit exactly, so there is no interval", () => {
    const fit = fitLoss(RELEASED.slice(0, 3));
    expect(fit.intervals).toBeNull();
    expect(predictLoss(fit, 100).interval).toBeNull();
    expect(fit.rms_error).toBeLessThan(1e-6);
  });

  test("a loss that is no number is named", () => {
    const error = failure(() => fitLoss([...RELEASED, { x: 5, loss: NaN }]));
    expect(error.message).toContain("x 5, loss NaN");
  });
});
