import { ExactCounter } from "./exact-counter.ts";
import { HyperLogLog } from "./hyperloglog.ts";
import type { Hash64 } from "./sequence-hash.ts";

export interface UniqueCount {
  unique: number;
  /** Seen at least twice; null once the count is an estimate. */
  repeated: number | null;
}

/** Exact up to so many different hashes, and then an estimate in constant memory. */
export class UniqueCounter {
  #exact: ExactCounter | null = new ExactCounter();
  readonly #sketch = new HyperLogLog();
  readonly #exactUpTo: number;

  constructor(exactUpTo = 2 ** 23) {
    this.#exactUpTo = exactUpTo;
  }

  get isExact(): boolean {
    return this.#exact !== null;
  }

  add(hash: Hash64): void {
    this.#sketch.add(hash);
    this.#exact?.add(hash);
    if (this.#exact && this.#exact.unique > this.#exactUpTo) this.#exact = null;
  }

  count(): UniqueCount {
    if (this.#exact) return { unique: this.#exact.unique, repeated: this.#exact.repeated };
    return { unique: this.#sketch.estimate(), repeated: null };
  }
}
