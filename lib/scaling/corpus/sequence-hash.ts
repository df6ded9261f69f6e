/** A 64-bit hash as two halves of 32 bits: JavaScript multiplies those fast. */
export interface Hash64 {
  high: number;
  low: number;
}

/** Odd constants of the two halves (golden ratio and MurmurHash3). */
const STEP_HIGH = 0x9e3779b9;
const STEP_LOW = 0x85ebca6b;

/**
 * Hash of the n units from `first` on, written into `out`. Two sequences that differ meet in one of 2⁶⁴ values: at 10⁹
 * different ones 0.03 collisions are expected.
 */
export function hashSequence(
  units: ArrayLike<number>,
  first: number,
  n: number,
  out: Hash64,
): void {
  let high = 0x243f6a88;
  let low = 0x13198a2e;
  for (let i = first; i < first + n; i++) {
    const unit = units[i]! + 1;
    high = mix(Math.imul(high, STEP_HIGH) + unit + (low >>> 7));
    low = mix(Math.imul(low, STEP_LOW) ^ unit ^ high);
  }
  out.high = high >>> 0;
  out.low = low >>> 0;
}

/** The finaliser of MurmurHash3: every bit of the input moves every bit of the output. */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
