import * as z from "zod";
import { key } from "./key.ts";

export const initSchema = z.strictObject({
  from: key(
    z.string().min(1).nullable().default(null),
    "Run or checkpoint to start from, for a first stage of the same shape; null starts from fresh weights.",
  ),
  optimizer: key(
    z.boolean().default(true),
    "Also take the optimizer state of `init.from`; false restarts the optimizer.",
  ),
});
