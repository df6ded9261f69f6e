import * as z from "zod";
import { key } from "./key.ts";

export const checkpointSchema = z.strictObject({
  interval_steps: key(
    z.int().min(1).default(100),
    "Steps between checkpoints; one more is written at the end.",
  ),
  keep: key(z.int().min(1).default(3), "Newest checkpoints that are kept."),
  async: key(z.boolean().default(false), "Write while training goes on."),
});
