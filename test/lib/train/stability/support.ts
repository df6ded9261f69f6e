import type { Config } from "../../../../lib/config/types.ts";
import { stabilitySchema } from "../../../../lib/config/schema/stability.ts";
import type { StepReport } from "../../../../lib/native/types.ts";

/** The section of a config with these keys. */
export function stability(keys: Partial<Config["stability"]>): Config["stability"] {
  return stabilitySchema.parse(keys);
}

export function report(values: Partial<StepReport>): StepReport {
  return {
    loss: 2,
    grad_norm: 1,
    targets: 10,
    skipped: false,
    stop: false,
    ...values,
  };
}
