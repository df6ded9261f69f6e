import { describe, expect, test } from "vitest";
import { NO_HISTORY } from "../../../../lib/checkpoint/manifest.ts";
import { accepted, limitsOf } from "../../../../lib/train/stability/limits.ts";
import { median, robustDeviation } from "../../../../lib/train/stability/median.ts";
import { report, stability } from "./support.ts";

const WATCHED = stability({ spike_sigma: 6, spike_window: 8 });

describe("median and deviation", () => {
  test("are those of the middle", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(robustDeviation([1, 2, 3, 4, 5])).toBeCloseTo(1.4826, 12);
  });

  test("do not follow a few wild values", () => {
    expect(median([1, 2, 3, 4, 1e9])).toBe(3);
    expect(robustDeviation([1, 2, 3, 4, 1e9])).toBeCloseTo(1.4826, 12);
  });
});

describe("limitsOf", () => {
  const history = { ...NO_HISTORY, losses: [4, 3, 2, 5, 1], grad_norms: [1, 2, 3, 4, 5] };

  test("lie above the median by the deviations asked for, and at ten usual gradient norms", () => {
    expect(limitsOf(history, WATCHED, false)).toEqual({
      max_loss: 3 + 6 * 1.4826,
      max_grad_norm: 30,
    });
  });

  test("are twice as far while a grown model settles", () => {
    expect(limitsOf(history, WATCHED, true)).toEqual({
      max_loss: 3 + 12 * 1.4826,
      max_grad_norm: 60,
    });
  });

  test("leave equal losses some room", () => {
    const flat = { ...history, losses: [2, 2, 2, 2] };
    expect(limitsOf(flat, WATCHED, false).max_loss).toBeCloseTo(2.024, 12);
  });

  test("are none before there is enough to judge by, or where nothing is watched for", () => {
    const none = { max_loss: Infinity, max_grad_norm: Infinity };
    expect(limitsOf({ ...history, losses: [1] }, WATCHED, false)).toEqual(none);
    expect(limitsOf(history, stability({}), false)).toEqual(none);
  });
});

describe("accepted", () => {
  test("keeps the last steps of the window", () => {
    let history = { ...NO_HISTORY, rejected_in_a_row: 3 };
    for (let loss = 1; loss <= 10; loss++)
      history = accepted(history, report({ loss, grad_norm: 2 * loss }), WATCHED);
    expect(history).toEqual({
      losses: [3, 4, 5, 6, 7, 8, 9, 10],
      grad_norms: [6, 8, 10, 12, 14, 16, 18, 20],
      rejected_in_a_row: 0,
      rollbacks: [],
    });
  });

  test("remembers nothing where nothing is watched for", () => {
    expect(accepted(NO_HISTORY, report({ loss: 1 }), stability({}))).toEqual(NO_HISTORY);
  });
});
