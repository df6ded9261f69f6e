import * as z from "zod";
import { key } from "./key.ts";
import { tokenCount } from "./token-count.ts";

export const scheduleSchema = z.strictObject({
  type: key(
    z.enum(["wsd", "cosine", "constant"]).default("wsd"),
    "Learning rate after warm-up: constant with a decay at the end, cosine, or constant.",
  ),
  decay_fraction: key(
    z.number().min(0).max(1).default(0.2),
    "wsd: share of the horizon's steps that decay linearly to min_lr.",
  ),
  horizon: key(
    z.enum(["run", "stage", "tokens"]).default("run"),
    "What the decay ends with: the run, each stage, or a number of tokens.",
  ),
  horizon_tokens: key(
    tokenCount.nullable().default(null),
    "With horizon tokens: after so many, counted from the run's start, the rate is min_lr. The run may have fewer or more.",
    "null; required with horizon tokens",
  ),
});
