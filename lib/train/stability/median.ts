/** The middle of some numbers, of an even count the mean of the two in the middle; at least one number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Makes the median absolute deviation of normally distributed numbers their standard deviation. */
const NORMAL = 1.4826;

/** The standard deviation as a few wild values cannot change it: from the median distance to the median. */
export function robustDeviation(values: readonly number[]): number {
  const middle = median(values);
  return NORMAL * median(values.map((value) => Math.abs(value - middle)));
}
