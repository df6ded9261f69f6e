import { isUtf8 } from "node:buffer";

/** Text as well-formed UTF-8. */
export interface Utf8Text {
  readonly bytes: Buffer;
  /** What was not text and became U+FFFD, as a share of all characters. */
  readonly replaced: number;
}

const BYTE_ORDER_MARKS = [
  { mark: Buffer.from([0xef, 0xbb, 0xbf]), encoding: "utf-8" },
  { mark: Buffer.from([0xff, 0xfe]), encoding: "utf-16le" },
  { mark: Buffer.from([0xfe, 0xff]), encoding: "utf-16be" },
];

/** Reads UTF-8, or UTF-16 with a byte order mark. The mark is no part of the text. */
export function toUtf8(raw: Buffer): Utf8Text {
  const known = BYTE_ORDER_MARKS.find(({ mark }) => raw.subarray(0, mark.length).equals(mark));
  const content = raw.subarray(known?.mark.length ?? 0);
  const encoding = known?.encoding ?? "utf-8";
  if (encoding === "utf-8" && isUtf8(content)) return { bytes: content, replaced: 0 };
  const text = new TextDecoder(encoding, { ignoreBOM: true }).decode(content);
  return { bytes: Buffer.from(text), replaced: count(text, "\uFFFD") / text.length };
}

function count(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) found++;
  return found;
}
