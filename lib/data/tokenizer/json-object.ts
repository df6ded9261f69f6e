import { FlmError } from "../../errors.ts";

/** A part of a parsed tokenizer.json whose keys and values are still to be checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** True for what Hugging Face writes for "none": nothing, null or an empty text. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

/** A tokenizer.json that would not be reproduced exactly, or not at all. `problem` names the field. */
export function invalidTokenizer(problem: string, hint?: string, cause?: unknown): FlmError {
  return new FlmError("TOKENIZER_INVALID", problem, {
    hint: hint ?? "use a byte-level BPE tokenizer.json such as GPT-2's, or train one: type bpe",
    cause,
  });
}

/** A value in a message, cut where it is long. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
