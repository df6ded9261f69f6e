type Tokens = Uint16Array | Uint32Array;

/** How often each pair of neighbouring tokens occurs, and each token on either side of a pair. */
export class PairCounts {
  readonly vocab_size: number;
  /** Pairs in all. */
  readonly total: number;
  readonly #right: Uint32Array;
  /** Where the pairs of each left token begin in `#rights`; one more entry than tokens. */
  readonly #begin: Uint32Array;
  /** The right tokens of all pairs, by left token and then ascending. */
  readonly #rights: Uint32Array;

  /** Pairs whose left token is `eos_id` are left out: they join two documents. Memory: 4 bytes a token. */
  constructor(tokens: Tokens, eos_id: number, vocab_size: number) {
    this.vocab_size = vocab_size;
    this.#right = new Uint32Array(vocab_size);
    this.#begin = new Uint32Array(vocab_size + 1);
    for (let i = 1; i < tokens.length; i++) {
      if (tokens[i - 1] === eos_id) continue;
      this.#right[tokens[i]!]!++;
      this.#begin[tokens[i - 1]! + 1]!++;
    }
    for (let token = 0; token < vocab_size; token++) this.#begin[token + 1]! += this.#begin[token]!;
    this.total = this.#begin[vocab_size]!;
    this.#rights = new Uint32Array(this.total);
    const next = this.#begin.slice();
    for (let i = 1; i < tokens.length; i++)
      if (tokens[i - 1] !== eos_id) this.#rights[next[tokens[i - 1]!]!++] = tokens[i]!;
    for (let token = 0; token < vocab_size; token++)
      this.#rights.subarray(this.#begin[token], this.#begin[token + 1]).sort();
  }

  left(token: number): number {
    return this.#begin[token + 1]! - this.#begin[token]!;
  }

  right(token: number): number {
    return this.#right[token]!;
  }

  pair(left: number, right: number): number {
    return this.#lowerBound(left, right + 1) - this.#lowerBound(left, right);
  }

  /** The first of the left token's pairs whose right token is at least `right`. */
  #lowerBound(left: number, right: number): number {
    let low = this.#begin[left]!;
    let high = this.#begin[left + 1]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#rights[middle]! < right) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
