import { describe, expect, test } from "vitest";
import { preferenceLoss } from "../../../../lib/train/objective/preference-loss.ts";

const REFERENCE = [-10, -12, -7, -5];

describe("preferenceLoss", () => {
  test("is ln 2 a pair where the model still is the reference", () => {
    const { loss, margin, preferred, row_weights } = preferenceLoss(REFERENCE, REFERENCE, 0.1);
    expect(loss).toBeCloseTo(2 * Math.LN2, 14);
    expect({ margin, preferred }).toEqual({ margin: 0, preferred: 0 });
    expect([...row_weights]).toEqual([0.05, -0.05, 0.05, -0.05]);
  });

  test("has the values of the formula", () => {
    // z = 3 and -4, beta 0.5: -log sigmoid(1.5) and -log sigmoid(-2).
    const { loss, margin, preferred } = preferenceLoss([-8, -13, -9, -3], REFERENCE, 0.5);
    expect(loss).toBeCloseTo(0.20141327798275246 + 2.1269280110429727, 14);
    expect(margin).toBeCloseTo(-0.5, 14);
    expect(preferred).toBe(1);
  });

  test("its weights are the derivative by the nats of each row", () => {
    const policy = [-8, -13, -9, -3];
    const { row_weights } = preferenceLoss(policy, REFERENCE, 0.5);
    const h = 1e-5;
    for (const row of policy.keys()) {
      const lossAt = (step: number) =>
        preferenceLoss(policy.with(row, policy[row]! - step), REFERENCE, 0.5).loss;
      expect(row_weights[row]).toBeCloseTo((lossAt(h) - lossAt(-h)) / (2 * h), 8);
    }
  });

  test.each([NaN, Infinity, -Infinity])(
    "has no finite loss where a log-probability is %d",
    (bad) => {
      for (const row of REFERENCE.keys()) {
        const policy = preferenceLoss(REFERENCE.with(row, bad), REFERENCE, 0.1);
        const reference = preferenceLoss(REFERENCE, REFERENCE.with(row, bad), 0.1);
        expect([policy.loss, reference.loss]).toEqual([NaN, NaN]);
      }
    },
  );

  test("stays finite for margins beyond every exponent", () => {
    const { loss, row_weights } = preferenceLoss([0, -1e5, -1e5, 0], [0, 0, 0, 0], 1);
    expect(loss).toBe(1e5);
    expect([...row_weights]).toEqual([0, -0, 1, -1]);
  });
});
