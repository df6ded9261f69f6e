import { FlmError } from "../../errors.ts";
import { printable } from "../../format.ts";
import { badField, hasField, kindOf, type Row, stringField } from "./row.ts";
import type { DraftPart } from "./samples.ts";

const CONTENT_HINT =
  "write what is said as one string; leave out messages without text, and parts that are none";

/** What stands before a message, by its role. A prompt ends with the assistant's. */
export const OPENINGS = {
  system: "System:\n",
  user: "User:\n",
  assistant: "Assistant:\n",
} as const;

export interface Message {
  readonly role: keyof typeof OPENINGS;
  readonly content: string;
}

/**
 * Messages as one document: "System:", "User:" or "Assistant:" and a line feed, what is said, and a line feed. Only what the
 * assistant says is supervised, and the token that ends a document, which stands behind it in place of the line feed,
 * so that the model learns to stop. Messages behind the last answer are left out: nothing is learned from them, and of a sample
 * that is too long the end is kept. A row has `messages`, each with `role` and `content`, or `prompt` and `completion`.
 */
export function conversation(row: Row): DraftPart[] {
  const messages = hasField(row, "messages") ? messagesOf(row) : promptOf(row);
  const last = messages.findLastIndex(({ role }) => role === "assistant");
  if (last < 0)
    throw new FlmError("DATA_INVALID", `${row.where}: no message has the role "assistant"`, {
      hint: "there is nothing to learn from it: leave the row out",
    });
  return layOut(messages.slice(0, last + 1));
}

/** Messages one behind another, each answer supervised. */
export function layOut(messages: readonly Message[]): DraftPart[] {
  return messages.flatMap(({ role, content }): DraftPart[] => {
    const before = { text: OPENINGS[role], supervised: false, special: null };
    if (role === "assistant") return [before, { text: content, supervised: true, special: "end" }];
    return [{ ...before, text: `${before.text}${content}\n` }];
  });
}

function isRole(role: string): role is keyof typeof OPENINGS {
  return Object.hasOwn(OPENINGS, role);
}

function promptOf(row: Row): Message[] {
  const hint = 'each row has "messages", or "prompt" and "completion"';
  return [
    { role: "user", content: stringField(row, "prompt", hint) },
    { role: "assistant", content: stringField(row, "completion", hint) },
  ];
}

/** @throws FlmError DATA_INVALID, naming the place and the message */
export function messagesOf(row: Row): Message[] {
  const { messages } = row.fields;
  const hint = 'each message is an object with "role" and "content"';
  if (!Array.isArray(messages)) throw badField(row, "messages", messages, "a list", hint);
  return messages.map((message: unknown, i) => {
    const at = `messages[${i}]`;
    if (kindOf(message) !== "object") throw badField(row, at, message, "an object", hint);
    const { role, content } = message as Record<string, unknown>;
    const roles = "roles are system, user and assistant";
    if (typeof role !== "string") throw badField(row, `${at}.role`, role, "a string", roles);
    if (!isRole(role))
      throw new FlmError(
        "DATA_INVALID",
        `${row.where}: field "${at}.role" is ${printable(JSON.stringify(role))}`,
        { hint: roles },
      );
    if (typeof content !== "string")
      throw badField(row, `${at}.content`, content, "a string", CONTENT_HINT);
    return { role, content };
  });
}
