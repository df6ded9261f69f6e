import { createHash } from "node:crypto";
import { deflateSync, inflateSync } from "node:zlib";
import { FlmError } from "../../errors.ts";

/** What a message may have, as JSON. */
export const MAX_MESSAGE = 8 << 20;
/** Below this there is nothing to win. */
const LEAST_DEFLATED = 16 << 10;
const OPENING_BRACE = 0x7b;

/** A message as bytes, made once for all ranks that it goes to: the roster of thousands of ranks goes to each of them. */
export interface Packed {
  /** JSON, which begins with a brace, or the same deflated, which does not. */
  bytes: Buffer;
  digest: Buffer;
}

/** @throws FlmError INVALID_ARGUMENT where the message is longer than a message may be */
export function pack(message: object): Packed {
  const json = Buffer.from(JSON.stringify(message));
  if (json.length > MAX_MESSAGE)
    throw new FlmError(
      "INVALID_ARGUMENT",
      `a message of ${json.length} bytes between ranks; the limit is ${MAX_MESSAGE}`,
    );
  const bytes = json.length < LEAST_DEFLATED ? json : deflateSync(json);
  return { bytes, digest: digestOf(bytes) };
}

/** @throws Error where the bytes are no message */
export function unpack(bytes: Buffer): unknown {
  const isJson = bytes[0] === OPENING_BRACE;
  const json = isJson ? bytes : inflateSync(bytes, { maxOutputLength: MAX_MESSAGE });
  return JSON.parse(json.toString("utf8"));
}

export function digestOf(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
