/** 64 bits as two unsigned 32-bit halves. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/** The first 64 bits of a longer hash. */
export function hash64(digest: Buffer): Hash64 {
  return { high: digest.readUInt32BE(0), low: digest.readUInt32BE(4) };
}

const MAX_LOAD = 0.75;

/**
 * A set of document hashes in 11 to 22 bytes each (JavaScript's own sets need several times that, and end at 16.7
 * million): open addressing with linear probing. Two documents out of n have the same 64 bits with probability n² / 2^65.
 */
export class HashSet {
  /** High and low half of each slot; both 0 for an empty one. */
  #slots = new Uint32Array(2 * 1024);
  #size = 0;

  /** Adds a hash; false if it was there already. */
  add(hash: Hash64): boolean {
    if (2 * (this.#size + 1) > MAX_LOAD * this.#slots.length) this.#grow();
    // The one value that marks an empty slot shares a neighbour's place.
    const low = hash.high === 0 && hash.low === 0 ? 1 : hash.low;
    if (!insert(this.#slots, hash.high, low)) return false;
    this.#size++;
    return true;
  }

  #grow(): void {
    const larger = new Uint32Array(2 * this.#slots.length);
    for (let i = 0; i < this.#slots.length; i += 2) {
      const [high, low] = [this.#slots[i]!, this.#slots[i + 1]!];
      if (high !== 0 || low !== 0) insert(larger, high, low);
    }
    this.#slots = larger;
  }
}

function insert(slots: Uint32Array, high: number, low: number): boolean {
  const mask = slots.length - 1;
  for (let i = 2 * low; ; i += 2) {
    const at = (i & mask) >>> 0;
    if (slots[at] === high && slots[at + 1] === low) return false;
    if (slots[at] !== 0 || slots[at + 1] !== 0) continue;
    slots[at] = high;
    slots[at + 1] = low;
    return true;
  }
}
