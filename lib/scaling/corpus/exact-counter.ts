import type { Hash64 } from "./sequence-hash.ts";

const FIRST_CAPACITY = 2 ** 12;
const MAX_LOAD = 0.6;

/** Counts different hashes, and those that came at least twice. 15 to 30 bytes a hash. */
export class ExactCounter {
  #high = new Uint32Array(FIRST_CAPACITY);
  #low = new Uint32Array(FIRST_CAPACITY);
  #repeats = new Uint8Array(FIRST_CAPACITY);
  #unique = 0;
  #repeated = 0;

  get unique(): number {
    return this.#unique;
  }

  /** Of `unique`, how many were added more than once. */
  get repeated(): number {
    return this.#repeated;
  }

  add({ high, low }: Hash64): void {
    // Two zeros mark a free place.
    const slot = this.#find(high, low === 0 && high === 0 ? 1 : low);
    if (slot < 0) {
      const free = ~slot;
      this.#high[free] = high;
      this.#low[free] = low === 0 && high === 0 ? 1 : low;
      this.#unique += 1;
      if (this.#unique > MAX_LOAD * this.#high.length) this.#grow();
    } else if (this.#repeats[slot] === 0) {
      this.#repeats[slot] = 1;
      this.#repeated += 1;
    }
  }

  /** Where the hash is, or ~ of the free place where it belongs. */
  #find(high: number, low: number): number {
    const mask = this.#high.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      if (this.#high[slot] === high && this.#low[slot] === low) return slot;
      if (this.#high[slot] === 0 && this.#low[slot] === 0) return ~slot;
    }
  }

  #grow(): void {
    const [high, low, repeats] = [this.#high, this.#low, this.#repeats];
    this.#high = new Uint32Array(2 * high.length);
    this.#low = new Uint32Array(2 * high.length);
    this.#repeats = new Uint8Array(2 * high.length);
    for (let i = 0; i < high.length; i++) {
      if (high[i] === 0 && low[i] === 0) continue;
      const slot = ~this.#find(high[i]!, low[i]!);
      this.#high[slot] = high[i]!;
      this.#low[slot] = low[i]!;
      this.#repeats[slot] = repeats[i]!;
    }
  }
}
