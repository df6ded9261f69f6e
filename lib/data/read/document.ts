import { FlmError } from "../../errors.ts";

/** Tokens that stand for no text: the end of a document, and FreeLM's two labels. */
export type SpecialToken = "end" | "true" | "false";

/** A stretch of a document's text, and what is learned from it. */
export interface Part {
  /** Byte of the text at which it ends. */
  readonly end: number;
  /** Its tokens are targets of the loss; otherwise they are only read. */
  readonly supervised: boolean;
  /** A token behind its text, supervised like it. */
  readonly special: SpecialToken | null;
}

/** One text to learn from. */
export interface Document {
  /** Well-formed UTF-8, at least one byte. */
  readonly text: Uint8Array;
  /** Where it is, for one of which some was no text and became U+FFFD; null for others. */
  readonly repaired: string | null;
  /** Parts that make up the text; null where all of it is learned. They are tokenized one by one. */
  readonly parts: readonly Part[] | null;
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
