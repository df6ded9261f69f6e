import * as z from "zod";
import { key } from "./key.ts";

const before = (role: string, text: string) =>
  key(z.string().default(text), `Text before ${role} message.`);

const templateSchema = z.strictObject({
  system: before("a system", "System:\n"),
  user: before("a user's", "User:\n"),
  assistant: before("an assistant's", "Assistant:\n"),
});

export const objectiveSchema = z.strictObject({
  type: key(
    z.enum(["language", "freelm", "instruct", "dpo"]).default("language"),
    "Next-token prediction, FreeLM's teacher signal beside it, instruction tuning or preferences. The loss is the mean over all supervised tokens of a batch.",
  ),
  labels: key(
    z
      .tuple([z.string().min(1), z.string().min(1)])
      .nullable()
      .default(null),
    "freelm only: the texts that stand for true and false; null takes two special tokens.",
  ),
  template: key(
    templateSchema.prefault({}),
    "instruct only: how messages become text. What the assistant says ends with the token that ends a document, the others with a line feed.",
  ),
});
