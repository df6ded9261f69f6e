import * as z from "zod";
import { key } from "./key.ts";

export const objectiveSchema = z.strictObject({
  type: key(
    z.enum(["language", "freelm", "instruct", "dpo"]).default("language"),
    "Next-token prediction, FreeLM's teacher signal beside it, instruction tuning or preferences. The loss is the mean over all supervised tokens of a batch; with dpo over its pairs.",
  ),
  beta: key(
    z.number().gt(0).default(0.1),
    "With dpo: how much the model may move away from that of init.from to please; the larger, the less.",
  ),
});
