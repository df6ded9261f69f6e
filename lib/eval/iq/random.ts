import { createHash } from "node:crypto";

/** Changes whenever the same seed, task and index would give another item. */
const VERSION = "flmiq/1";

/**
 * The random numbers of one item: SplitMix64, seeded by SHA-256 of (version, seed, task, index). Every item has its
 * own stream, so items can be made in any order, and the first ones of a set never change.
 */
export class ItemRandom {
  #state: bigint;

  constructor(seed: number, task: string, index: number) {
    const hash = createHash("sha256").update(`${VERSION}|${seed}|${task}|${index}`).digest();
    this.#state = hash.readBigUInt64BE(0);
  }

  /** A whole number from 0 to n - 1. */
  below(n: number): number {
    return Number((this.#next() * BigInt(n)) >> 64n);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** `count` of the elements, each at most once, in random order. */
  sample<T>(from: readonly T[], count: number): T[] {
    const rest = [...from];
    for (let i = 0; i < count; i++) {
      const j = i + this.below(rest.length - i);
      [rest[i], rest[j]] = [rest[j]!, rest[i]!];
    }
    return rest.slice(0, count);
  }

  shuffle<T>(all: readonly T[]): T[] {
    return this.sample(all, all.length);
  }

  /** `length` characters of the alphabet. */
  text(alphabet: string, length: number): string {
    let text = "";
    for (let i = 0; i < length; i++) text += alphabet[this.below(alphabet.length)];
    return text;
  }

  #next(): bigint {
    this.#state = BigInt.asUintN(64, this.#state + 0x9e3779b97f4a7c15n);
    let z = this.#state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }
}
