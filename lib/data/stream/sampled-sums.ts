/** Terms between two sums that are kept. */
const STRIDE = 16;

/**
 * Sums of the terms before each index, of which one in 16 is kept, in half a byte of memory an index: what is between
 * them is added up when it is asked for.
 */
export class SampledSums {
  /** Of all terms. */
  readonly total: number;
  readonly #count: number;
  readonly #term: (index: number) => number;
  /** The sum before every 16th index. */
  readonly #sums: Float64Array;

  /** @param term of index 0 to `count` - 1: a whole number from 0 on, always the same */
  constructor(count: number, term: (index: number) => number) {
    this.#count = count;
    this.#term = term;
    this.#sums = new Float64Array(Math.max(1, Math.ceil(count / STRIDE)));
    let sum = 0;
    for (let i = 0; i < count; i++) {
      if (i % STRIDE === 0) this.#sums[i / STRIDE] = sum;
      sum += term(i);
    }
    this.total = sum;
  }

  /** The sum of all terms before `index`. */
  before(index: number): number {
    const kept = Math.floor(index / STRIDE);
    let sum = this.#sums[kept]!;
    for (let i = kept * STRIDE; i < index; i++) sum += this.#term(i);
    return sum;
  }

  /** The last index with a sum before it that is not above `value`, and that sum; `value` is below the total. */
  find(value: number): { index: number; before: number } {
    const kept = lastNotAbove(this.#sums, value);
    let index = kept * STRIDE;
    let before = this.#sums[kept]!;
    while (index + 1 < this.#count) {
      const next = before + this.#term(index);
      if (next > value) break;
      before = next;
      index++;
    }
    return { index, before };
  }
}

/** The last index whose value is not above `value`, in a rising list that begins with 0; by halving. */
function lastNotAbove(rising: Float64Array, value: number): number {
  let low = 0;
  let high = rising.length;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (rising[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}
