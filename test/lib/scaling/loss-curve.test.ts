import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bestCurve, lossAt, type LossCurve } from "../../../lib/scaling/loss-curve.ts";

const SIZES = [1e6, 3e6, 1e7, 3e7, 1e8];

function squares(curve: LossCurve, losses: readonly number[]): number {
  return losses.reduce((sum, loss, i) => sum + (lossAt(curve, SIZES[i]!) - loss) ** 2, 0);
}

describe("bestCurve", () => {
  test("no other curve that falls to 0 or above has smaller squares", () => {
    const loss = fc.double({ min: 1, max: 5, noNaN: true });
    fc.assert(
      fc.property(
        fc.tuple(loss, loss, loss, loss, loss),
        fc.double({ min: 0, max: 4, noNaN: true }),
        fc.double({ min: -3.9, max: -0.01, noNaN: true }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        (losses, height, b, c) => {
          const points = losses.map((own, i) => ({ x: SIZES[i]!, loss: own }));
          const { curve } = bestCurve(points);
          const other = { a: height * SIZES[0]! ** -b, b, c };
          expect(squares(curve, losses)).toBeLessThanOrEqual(squares(other, losses) + 1e-9);
          expect(curve.a).toBeGreaterThanOrEqual(0);
          expect(curve.b).toBeLessThan(0);
          expect(curve.c).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  test("losses on a curve are no trouble, with sizes a tenth or a factor of 1e6 apart", () => {
    for (const factor of [1.1, 10, 1e6]) {
      const curve = { a: 20, b: -0.3, c: 1.5 };
      const points = [1, factor, factor ** 2, factor ** 3].map((size) => ({
        x: 1e5 * size,
        loss: lossAt(curve, 1e5 * size),
      }));
      const { curve: found, trouble } = bestCurve(points);
      expect(trouble).toBeNull();
      expect(found.b).toBeCloseTo(curve.b, 5);
      expect(found.c).toBeCloseTo(curve.c, 5);
    }
  });
});
