import { createHash } from "node:crypto";
import type { Document } from "../read/document.ts";

/** 64 bits of the SHA-256 of a document, as two unsigned 32-bit halves. */
export interface DocumentHash {
  readonly high: number;
  readonly low: number;
}

/** Of the UTF-8 text, and of what is learned from it where that is not all. */
export function hashDocument({ text, parts }: Pick<Document, "text" | "parts">): DocumentHash {
  const hash = createHash("sha256").update(text);
  if (parts !== null) hash.update(JSON.stringify(parts));
  const digest = hash.digest();
  return { high: digest.readUInt32BE(0), low: digest.readUInt32BE(4) };
}

/** The hash as a number in [0, 1), to compare with a fraction. */
export function unitInterval(hash: DocumentHash): number {
  return hash.high / 2 ** 32;
}

/** Negative, 0 or positive, as numbers of 64 bits compare. */
export function compareHashes(a: DocumentHash, b: DocumentHash): number {
  return a.high - b.high || a.low - b.low;
}
