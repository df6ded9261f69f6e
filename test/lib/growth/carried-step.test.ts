import { expect, test } from "vitest";
import { carriedStepWarning, largestUpdate } from "../../../lib/growth/carried-step.ts";

test("the largest update of a new weight with a carried step (spec: FLM, section 2.8)", () => {
  expect(largestUpdate(0.9, 0.95)).toBeCloseTo(1.1, 2);
  expect(largestUpdate(0.9, 0.999)).toBeCloseTo(6.6, 1);
});

test("only a carried step with a slow second moment is warned of", () => {
  const slow = { adam_beta1: 0.9, adam_beta2: 0.999 };
  expect(carriedStepWarning(slow, { optimizer_step: "carry" })).toContain("6.6 learning rates");
  expect(carriedStepWarning(slow, { optimizer_step: "restart" })).toBeNull();
  const usual = { adam_beta1: 0.9, adam_beta2: 0.95 };
  expect(carriedStepWarning(usual, { optimizer_step: "carry" })).toBeNull();
});
