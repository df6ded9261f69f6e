/** UTF-8 documents, one after another, with the end of each. */
export interface Documents {
  text: Uint8Array;
  ends: Uint32Array;
}

/** Of U+0300: what normal form C changes begins or ends with that character or one behind it. */
const FIRST_BYTE = 0xcc;

/**
 * The documents in Unicode's normal form C, each by itself.
 *
 * @param words what lies between two of them is brought to it by itself too
 */
export function toNfc({ text, ends }: Documents, words: readonly string[] = []): Documents {
  if (!mayChange(text)) return { text, ends };
  const cut = words.length === 0 ? null : anyOf(words);
  const parts = Array.from(ends, (end, i) => {
    const own = text.subarray(i === 0 ? 0 : ends[i - 1], end);
    return mayChange(own) ? Buffer.from(normalized(asString(own), cut)) : own;
  });
  let length = 0;
  return { text: Buffer.concat(parts), ends: ends.map((_, i) => (length += parts[i]!.length)) };
}

function asString({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString();
}

function normalized(text: string, cut: RegExp | null): string {
  if (cut === null) return text.normalize();
  return text
    .split(cut)
    .map((part) => part.normalize())
    .join("");
}

/** Splits a text at these words, and keeps them. */
function anyOf(words: readonly string[]): RegExp {
  const letters = (word: string) => word.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  const longestFirst = words.toSorted((a, b) => b.length - a.length);
  return new RegExp(`(${longestFirst.map(letters).join("|")})`);
}

function mayChange(text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (text[i]! >= FIRST_BYTE) return true;
  return false;
}
