import * as z from "zod";
import { key } from "./key.ts";

export const loggingSchema = z.strictObject({
  tensorboard: key(z.boolean().default(true), "Also write TensorBoard event files."),
  interval_steps: key(
    z.int().min(1).default(1),
    "Steps between rows of metrics.jsonl; the last step of a stage always has one.",
  ),
});
