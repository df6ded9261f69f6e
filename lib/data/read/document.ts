import { FlmError } from "../../errors.ts";

/** One text to learn from. */
export interface Document {
  /** Well-formed UTF-8, at least one byte. */
  readonly text: Buffer;
  /** Some of it was not text and became U+FFFD. */
  readonly repaired: boolean;
}

/** Bounds the memory of reading, also for compressed files that unfold without end. */
export const MAX_DOCUMENT_BYTES = 64 * 2 ** 20;

/** @param where the file, with the line where there is one */
export function tooLarge(where: string): FlmError {
  return new FlmError(
    "DATA_INVALID",
    `${where} holds a document above the limit of ${MAX_DOCUMENT_BYTES / 2 ** 20} MiB`,
    { hint: "split it: a text file is one document, and so is each line of a .jsonl file" },
  );
}
