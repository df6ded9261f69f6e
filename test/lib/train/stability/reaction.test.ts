import { describe, expect, test } from "vitest";
import { NO_HISTORY } from "../../../../lib/checkpoint/manifest.ts";
import { divergence, reactionTo } from "../../../../lib/train/stability/reaction.ts";
import { type Rejection, rejectionOf } from "../../../../lib/train/stability/rejection.ts";
import { rateFactor } from "../../../../lib/train/stability/rollback.ts";
import { report, stability } from "./support.ts";

const LIMITS = { max_loss: 5, max_grad_norm: 10 };
const SPIKE: Rejection = { step: 7, reason: "loss", loss: 9, grad_norm: 1, limit: 5 };
const NON_FINITE: Rejection = { ...SPIKE, reason: "non_finite", loss: null, limit: null };
const ROLLBACK = { ...SPIKE, to_step: 4, data_from: null, data_to: null };

describe("rejectionOf", () => {
  const rejected = (values: object) => rejectionOf(7, report({ skipped: true, ...values }), LIMITS);

  test("names what was wrong, first what is not finite", () => {
    expect(rejected({ loss: NaN })).toMatchObject({ reason: "non_finite", loss: null });
    expect(rejected({ loss: 9, grad_norm: Infinity })).toMatchObject({ reason: "non_finite" });
    expect(rejected({ loss: 9, grad_norm: 99 })).toEqual({ ...SPIKE, grad_norm: 99 });
    expect(rejected({ grad_norm: 11 })).toMatchObject({ reason: "grad_norm", limit: 10 });
  });

  test("is null for a step that counts", () => {
    expect(rejectionOf(7, report({}), LIMITS)).toBeNull();
  });
});

describe("reactionTo", () => {
  const nineBefore = { ...NO_HISTORY, rejected_in_a_row: 9 };
  const once = { ...NO_HISTORY, rollbacks: [ROLLBACK] };
  const back = stability({ spike_action: "rollback", max_rollbacks: 1 });

  test.each(["skip", "replace"] as const)("is %s up to the tenth in a row", (spike_action) => {
    const policy = stability({ spike_action });
    expect(reactionTo(SPIKE, policy, NO_HISTORY, true)).toBe(spike_action);
    expect(reactionTo(SPIKE, policy, nineBefore, true)).toBe("stop");
    const may = stability({ spike_action, max_rollbacks: 1 });
    expect(reactionTo(SPIKE, may, nineBefore, true)).toBe("rollback");
    expect(reactionTo(SPIKE, may, nineBefore, false)).toBe("stop");
  });

  test("is to go back as often as allowed", () => {
    expect(reactionTo(SPIKE, back, NO_HISTORY, true)).toBe("rollback");
    expect(reactionTo(SPIKE, back, once, true)).toBe("stop");
  });

  test("is to leave a step out where there is no checkpoint yet", () => {
    expect(reactionTo(SPIKE, back, NO_HISTORY, false)).toBe("skip");
    expect(reactionTo(SPIKE, back, nineBefore, false)).toBe("stop");
  });

  test("stops at once where gradients that are not finite shall not be left out", () => {
    const strict = stability({ skip_non_finite: false });
    expect(reactionTo(NON_FINITE, strict, NO_HISTORY, true)).toBe("stop");
    expect(reactionTo(SPIKE, strict, NO_HISTORY, true)).toBe("skip");
  });
});

test("the end says what was wrong and how often the run has gone back", () => {
  const policy = stability({ max_rollbacks: 1 });
  expect(divergence(SPIKE, policy, NO_HISTORY, true).message).toBe(
    "step 7 had a loss of 9.000, above the limit of 5.000",
  );
  const history = { ...NO_HISTORY, rejected_in_a_row: 9, rollbacks: [ROLLBACK] };
  expect(divergence(NON_FINITE, policy, history, true).message).toBe(
    "10 steps in a row had gradients that are not finite, after 1 of at most 1 rollbacks (stability.max_rollbacks)",
  );
});

test("the end speaks of a checkpoint where there is one", () => {
  const hint = (has: boolean) => divergence(SPIKE, stability({}), NO_HISTORY, has).hint;
  expect(hint(true)).toContain("the last checkpoint is whole");
  expect(hint(false)).not.toContain("checkpoint");
});

test("the rate is cut from the second rollback on", () => {
  const policy = stability({ rollback_lr_factor: 0.5 });
  expect([0, 1, 2, 3].map((count) => rateFactor(policy, count))).toEqual([1, 1, 0.5, 0.25]);
});
