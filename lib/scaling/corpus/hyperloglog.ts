import type { Hash64 } from "./sequence-hash.ts";

/** 2¹⁶ registers: 64 KiB, a standard error of 1.04 / 2⁸ = 0.41 %. */
const PRECISION = 16;
const REGISTERS = 2 ** PRECISION;
const RANKS = 64 - PRECISION;

/**
 * Estimates how many different hashes were added (Flajolet et al. 2007), by the estimator of Ertl 2017 (arXiv 1702.01284),
 * which needs no corrections for few or many.
 */
export class HyperLogLog {
  readonly #registers = new Uint8Array(REGISTERS);

  add({ high, low }: Hash64): void {
    const register = high >>> (32 - PRECISION);
    const rank = rankOf((high << PRECISION) >>> 0, low);
    if (rank > this.#registers[register]!) this.#registers[register] = rank;
  }

  /** What either has seen. */
  merge(other: HyperLogLog): void {
    for (const [i, rank] of other.#registers.entries())
      if (rank > this.#registers[i]!) this.#registers[i] = rank;
  }

  estimate(): number {
    const counts = new Array<number>(RANKS + 2).fill(0);
    for (const rank of this.#registers) counts[rank]! += 1;
    let z = REGISTERS * tau(1 - counts[RANKS + 1]! / REGISTERS);
    for (let rank = RANKS; rank >= 1; rank--) z = (z + counts[rank]!) / 2;
    z += REGISTERS * sigma(counts[0]! / REGISTERS);
    return (REGISTERS * REGISTERS) / (2 * Math.LN2 * z);
  }
}

/** 1 + the zeros in front of the 48 bits that do not choose the register; the upper 16 lead `rest`. */
function rankOf(rest: number, low: number): number {
  if (rest !== 0) return Math.clz32(rest) + 1;
  return Math.min(PRECISION + Math.clz32(low), RANKS) + 1;
}

/** x + Σ 2^(k-1) x^(2^k) for k from 1 on: what the empty registers say. */
function sigma(share: number): number {
  if (share === 1) return Infinity;
  let x = share;
  let y = 1;
  let z = x;
  for (let before = NaN; z !== before;) {
    before = z;
    x *= x;
    z += x * y;
    y += y;
  }
  return z;
}

/** What the full registers say. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let y = 1;
  let z = 1 - x;
  for (let before = NaN; z !== before;) {
    before = z;
    x = Math.sqrt(x);
    y /= 2;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}
