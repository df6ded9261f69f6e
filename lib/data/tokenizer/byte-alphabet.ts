/**
 * The printable character that stands for each byte in tokenizer.json (spec: the byte-level BPE of GPT-2).
 * Bytes that print as themselves in Latin-1 keep their code point, the others follow from U+0100 on in order.
 */
const CHARACTER_OF_BYTE: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(isPrintable(byte) ? byte : next++),
  );
})();

const BYTE_OF_CHARACTER = new Map(CHARACTER_OF_BYTE.map((character, byte) => [character, byte]));

/** A piece's bytes as tokenizer.json spells them. */
export function spellBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += CHARACTER_OF_BYTE[byte];
  return text;
}

/** The inverse of `spellBytes`; null when a character stands for no byte. */
export function readSpelling(text: string): Uint8Array | null {
  const bytes: number[] = [];
  for (const character of text) {
    const byte = BYTE_OF_CHARACTER.get(character);
    if (byte === undefined) return null;
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

function isPrintable(byte: number): boolean {
  return (
    (byte >= 0x21 && byte <= 0x7e) ||
    (byte >= 0xa1 && byte <= 0xac) ||
    (byte >= 0xae && byte <= 0xff)
  );
}
