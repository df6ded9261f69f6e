import * as z from "zod";
import { key } from "./key.ts";

export const stabilitySchema = z.strictObject({
  skip_non_finite: key(
    z.boolean().default(true),
    "Leave out an optimizer step whose loss or gradient is not finite; false stops the run.",
  ),
  spike_sigma: key(
    z.number().gt(0).nullable().default(null),
    "A loss this many deviations above the recent ones is a spike; null watches for none.",
  ),
  max_rollbacks: key(
    z.int().min(0).nullable().default(null),
    "How often a spike may send the run back to a checkpoint; null never does.",
  ),
});
