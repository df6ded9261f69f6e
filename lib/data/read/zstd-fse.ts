/** How often each symbol stands in a table of `2 ** log` states of Zstandard's entropy coder (RFC 8878, 4.1). */
export interface Distribution {
  readonly log: number;
  /** -1 means less than one state, which is given one that needs all bits. */
  readonly counts: readonly number[];
}

/** What a state means and where it leads: to `next` plus as many `bits` of the stream. */
export interface DecodingTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly next: Uint16Array;
}

interface Limits {
  readonly log: number;
  readonly symbol: number;
}

/**
 * Reads the description of a table at a place, and where it ends.
 *
 * @throws Error when it breaks the limits or goes beyond the bytes
 */
export function readDistribution(
  bytes: Buffer,
  at: number,
  limits: Limits,
): { distribution: Distribution; end: number } {
  const log = (bytes[at]! & 15) + 5;
  if (log > limits.log) throw new Error("an entropy table is too large");
  const counts: number[] = [];
  let bit = at * 8 + 4;
  const read = (width: number) => {
    const byte = bit >> 3;
    // Beyond the end are zeros: no loop here goes on for them, and the end is checked below.
    const word = bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16);
    return (word >> (bit & 7)) & ((1 << width) - 1);
  };
  for (let left = 1 << log; left > 0;) {
    // The values 0 to left + 1: the lower ones of them need one bit less.
    const width = 31 - Math.clz32(left + 1);
    const short = (1 << (width + 1)) - 2 - left;
    let value = read(width);
    if (value >= short) {
      const long = read(width + 1);
      value = long < 1 << width ? long : long - short;
      bit++;
    }
    bit += width;
    const count = value - 1;
    counts.push(count);
    left -= Math.abs(count);
    for (let zeros = count === 0 ? 3 : 0; zeros === 3 && counts.length <= limits.symbol;) {
      zeros = read(2);
      bit += 2;
      for (let i = 0; i < zeros; i++) counts.push(0);
    }
    if (counts.length > limits.symbol + 1) throw new Error("an entropy table is damaged");
  }
  const end = (bit + 7) >> 3;
  if (end > bytes.length) throw new Error("an entropy table is damaged");
  return { distribution: { log, counts }, end };
}

export function decodingTable({ log, counts }: Distribution): DecodingTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  let high = size;
  for (const [symbol, count] of counts.entries()) if (count === -1) symbols[--high] = symbol;
  const step = (size >> 1) + (size >> 3) + 3;
  let place = 0;
  for (const [symbol, count] of counts.entries())
    for (let i = 0; i < count; i++) {
      symbols[place] = symbol;
      do place = (place + step) & (size - 1);
      while (place >= high);
    }
  const seen = counts.map(Math.abs);
  const bits = new Uint8Array(size);
  const next = new Uint16Array(size);
  for (const [state, symbol] of symbols.entries()) {
    const nth = seen[symbol]!++;
    bits[state] = log - (31 - Math.clz32(nth));
    next[state] = (nth << bits[state]!) - size;
  }
  return { log, symbols, bits, next };
}
