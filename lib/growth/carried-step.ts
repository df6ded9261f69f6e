import type { Config, GrowthConfig } from "../config/types.ts";

/** From here on a carried step is worth a warning; the default of 0.95 for adam_beta2 gives 1.1. */
const LARGEST_SAFE_UPDATE = 2;
const UPDATES = 1000;

/**
 * The largest update of a new weight under AdamW, in learning rates, where its moments start at zero and its step is
 * the old weights': then nothing corrects the bias of young moments (spec: FLM, section 2.8, for a constant gradient).
 */
export function largestUpdate(adam_beta1: number, adam_beta2: number): number {
  const updates = Array.from(
    { length: UPDATES },
    (_, k) => (1 - adam_beta1 ** (k + 1)) / Math.sqrt(1 - adam_beta2 ** (k + 1)),
  );
  return Math.max(...updates);
}

/** What is unsafe about the optimizer's step count after growth; null where nothing is. */
export function carriedStepWarning(
  { adam_beta1, adam_beta2 }: Pick<Config["optimizer"], "adam_beta1" | "adam_beta2">,
  { optimizer_step }: Pick<GrowthConfig, "optimizer_step">,
): string | null {
  const update = largestUpdate(adam_beta1, adam_beta2);
  if (optimizer_step === "restart" || update <= LARGEST_SAFE_UPDATE) return null;
  return (
    `with adam_beta2 ${adam_beta2} new weights move by up to ${update.toFixed(1)} learning rates in a step after ` +
    "growth; set growth.optimizer_step to restart, or lower adam_beta2"
  );
}
