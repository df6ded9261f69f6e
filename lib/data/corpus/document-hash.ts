import { createHash } from "node:crypto";
import { type Hash64, hash64 } from "../../hash-set.ts";
import type { Document } from "../read/document.ts";

/** 64 bits of the SHA-256 of the UTF-8 text, and of what is learned from it where that is not all. */
export function hashDocument({ text, parts }: Pick<Document, "text" | "parts">): Hash64 {
  const hash = createHash("sha256").update(text);
  if (parts !== null) hash.update(JSON.stringify(parts));
  return hash64(hash.digest());
}

/** The hash as a number in [0, 1), to compare with a fraction. */
export function unitInterval(hash: Hash64): number {
  return hash.high / 2 ** 32;
}

/** Negative, 0 or positive, as numbers of 64 bits compare. */
export function compareHashes(a: Hash64, b: Hash64): number {
  return a.high - b.high || a.low - b.low;
}
