import * as z from "zod";
import { key } from "./key.ts";

const values = {
  depth: key(
    z.enum(["stack", "interleave", "random", "zero"]),
    "New layers: copies of the stack on top, a copy after each layer, random, or random with zero outputs.",
  ),
  width: key(
    z.enum(["mask", "zero"]),
    "New columns: random behind a mask that opens during the ramp, or zero.",
  ),
  ramp_steps: key(
    z.int().min(0).nullable(),
    "Steps in which the mask opens from 0 to 1; 0 opens it at once, null is 50 or half of the stage's steps, whichever is less.",
  ),
  optimizer_step: key(
    z.enum(["carry", "restart"]),
    "AdamW's step count of inherited tensors after growth.",
  ),
  logit_multiplier: key(
    z.enum(["hold", "compensate"]),
    "Under muP: keep the old logit multiplier, or use the new one and scale the final norm to match.",
  ),
};

export const growthSchema = z.strictObject({
  depth: values.depth.default("stack"),
  width: values.width.default("mask"),
  ramp_steps: values.ramp_steps.default(null),
  optimizer_step: values.optimizer_step.default("carry"),
  logit_multiplier: values.logit_multiplier.default("compensate"),
});

/** Without defaults: a key that a stage leaves out is the top-level one. */
export const growthOverrideSchema = z.strictObject(values).partial();
