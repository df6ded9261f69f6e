const ROUNDS = 8;

/**
 * A pseudo-random permutation of 0 … count - 1 that needs no table, so that a shuffled epoch costs no memory and
 * its state is one position: a Feistel network over the next power of 4, applied again while the result lies
 * outside.
 */
export class Permutation {
  readonly #count: number;
  /** Values of one half of the network. */
  readonly #side: number;
  readonly #keys: readonly number[];

  /** @param key any numbers; a different key gives an unrelated permutation */
  constructor(count: number, key: readonly number[]) {
    this.#count = count;
    let side = 2;
    while (side * side < count) side *= 2;
    this.#side = side;
    const seed = key.reduce(absorb, 0x2545f491);
    this.#keys = Array.from({ length: ROUNDS }, (_, round) => absorb(seed, round));
  }

  /** Where the permutation sends `i`, an integer from 0 to count - 1. */
  at(i: number): number {
    let value = i;
    do value = this.#encrypt(value);
    while (value >= this.#count);
    return value;
  }

  #encrypt(value: number): number {
    const side = this.#side;
    let left = Math.floor(value / side);
    let right = value % side;
    for (const key of this.#keys) {
      const mixed = ((left ^ mix(right ^ key)) >>> 0) % side;
      left = right;
      right = mixed;
    }
    return left * side + right;
  }
}

/** Takes both halves of a number (up to 2^53) into a state of 32 bits. */
function absorb(state: number, value: number): number {
  const low = value >>> 0;
  const high = Math.floor(value / 2 ** 32) >>> 0;
  return mix((mix((state ^ low) + 0x9e3779b9) ^ high) + 0x85ebca6b);
}

/** A bijection of 32-bit integers in which every input bit reaches every output bit (constants of lowbias32). */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
