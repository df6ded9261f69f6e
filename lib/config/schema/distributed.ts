import * as z from "zod";
import { key } from "./key.ts";

/** Seconds; timers hold no more than 24.8 days. */
const LONGEST = 2_000_000;

export const distributedSchema = z.strictObject({
  timeout_seconds: key(
    z.number().gt(0).lte(LONGEST).default(600),
    "Longest wait for another rank before the run gives up.",
  ),
  silence_seconds: key(
    z.number().gte(2).lte(LONGEST).default(5),
    "A rank of which nothing is heard for so long is lost. Ranks say every second that they live: more than the default is for machines that stand still at times.",
  ),
  secret_file: key(
    z.string().min(1).nullable().default(null),
    "File whose content the ranks prove to know when they connect; null is FLM_SECRET_FILE, needed off loopback.",
  ),
});
