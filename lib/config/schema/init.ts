import * as z from "zod";
import { key } from "./key.ts";

export const initSchema = z.strictObject({
  from: key(
    z.string().min(1).nullable().default(null),
    "Checkpoint directory to continue from; null starts from fresh weights.",
  ),
  optimizer: key(
    z.boolean().default(true),
    "Also take the optimizer state of `init.from`; false restarts the optimizer.",
  ),
});
