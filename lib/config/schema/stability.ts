import * as z from "zod";
import { key } from "./key.ts";

/** All of it is sorted before each step, and lies in every checkpoint. */
const MAX_WINDOW = 10_000;
/** So many batches are decided on at once. */
const MAX_MARGIN = 100_000;

export const stabilitySchema = z.strictObject({
  skip_non_finite: key(
    z.boolean().default(true),
    "Leave out an optimizer step whose loss or gradient is not finite; false stops the run.",
  ),
  spike_sigma: key(
    z.number().gt(0).nullable().default(null),
    "A loss this many deviations above the median of the recent ones is a spike, and so is ten times their gradient norm; twice as much while a grown model warms up. null watches for none.",
  ),
  spike_window: key(
    z.int().min(8).max(MAX_WINDOW).default(128),
    "The last accepted steps that median and deviation are taken of; a quarter of them must be there before the first spike.",
  ),
  spike_action: key(
    z.enum(["skip", "replace", "rollback"]).default("skip"),
    "What becomes of a step with a spike or without finite gradients: left out, made again with the next batch, or back to a checkpoint. Ten in a row go back in any case, or end the run where max_rollbacks allows no more.",
  ),
  max_rollbacks: key(
    z.int().min(0).nullable().default(null),
    "How often the run may go back to a checkpoint; the data in between are left out for good. null never does.",
  ),
  rollback_margin_steps: key(
    z.int().min(0).max(MAX_MARGIN).default(100),
    "A rollback goes to the newest checkpoint that many steps before the spike, or the oldest there is, and leaves out as many batches behind it.",
  ),
  rollback_lr_factor: key(
    z.number().gt(0).max(1).default(0.5),
    "Factor on the learning rate for the rest of the run from the second rollback on, once for each.",
  ),
  embedding_grad_factor: key(
    z.number().gt(0).max(1).default(1),
    "Embedding-gradient shrink: factor on the gradient that reaches the embedding from the blocks; GLM-130B's is 0.1.",
  ),
});
