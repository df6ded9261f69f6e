import { FlmError } from "../../errors.ts";
import { layOut, messagesOf } from "./conversation.ts";
import { hasField, type Row, stringField } from "./row.ts";
import type { DraftPart } from "./samples.ts";

const HINT = 'each row has "prompt" or "messages", and two answers: "chosen" and "rejected"';

/**
 * A pair of answers as one document, so that no split separates them: the prompt and the chosen answer, then the prompt
 * again and the rejected one, each laid out as a conversation. Nothing but the two answers is supervised. A row has
 * `prompt`, or `messages` up to the answer, `chosen` and `rejected`.
 */
export function preference(row: Row): DraftPart[] {
  const chosen = stringField(row, "chosen", HINT);
  const rejected = stringField(row, "rejected", HINT);
  if (chosen === rejected)
    throw new FlmError("DATA_INVALID", `${row.where}: "chosen" and "rejected" are equal`, {
      hint: "there is nothing to prefer: leave the row out",
    });
  const before = hasField(row, "messages")
    ? messagesOf(row)
    : [{ role: "user" as const, content: stringField(row, "prompt", HINT) }];
  const prompt = layOut(before).map((part) => ({ ...part, supervised: false }));
  const withAnswer = (content: string) => [...prompt, ...layOut([{ role: "assistant", content }])];
  return [...withAnswer(chosen), ...withAnswer(rejected)];
}
