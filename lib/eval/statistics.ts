/** A score's 95 % interval, in percent. */
export type Interval = [low: number, high: number];

/** The normal quantile of a two-sided 95 % interval. */
const Z = 1.959963984540054;
const BOOTSTRAP_DRAWS = 1000;

export function percent(passed: readonly boolean[]): number {
  return (100 * passed.filter(Boolean).length) / passed.length;
}

/** Wilson's score interval, which stays within 0 and 100 and is honest for few items. */
export function wilson(passed: readonly boolean[]): Interval {
  const n = passed.length;
  const p = passed.filter(Boolean).length / n;
  const centre = p + Z ** 2 / (2 * n);
  const half = Z * Math.sqrt((p * (1 - p)) / n + Z ** 2 / (4 * n ** 2));
  const scale = 100 / (1 + Z ** 2 / n);
  // At the ends the difference is zero, and only nearly so in floating point.
  return [p === 0 ? 0 : scale * (centre - half), p === 1 ? 100 : scale * (centre + half)];
}

/** The plain mean of the columns' percentages; its interval by resampling the items of every column. */
export function groupMean(columns: readonly (readonly boolean[])[]): {
  score: number;
  ci95: Interval;
} {
  const mean = (of: (column: readonly boolean[]) => number) =>
    columns.reduce((sum, column) => sum + of(column), 0) / columns.length;
  const random = generator(1);
  const draws = Array.from({ length: BOOTSTRAP_DRAWS }, () =>
    mean((column) => resampled(column, random)),
  ).sort((a, b) => a - b);
  const quantile = (q: number) => draws[Math.round(q * (BOOTSTRAP_DRAWS - 1))]!;
  return { score: mean(percent), ci95: [quantile(0.025), quantile(0.975)] };
}

/**
 * McNemar's exact test of two models on the same items: the chance, were they equally good, of a split of the items
 * that only one of them passes at least as uneven as this one.
 */
export function mcnemar(onlyFirst: number, onlySecond: number): number {
  const n = onlyFirst + onlySecond;
  let logTerm = -n * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= Math.min(onlyFirst, onlySecond); k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}

function resampled(column: readonly boolean[], random: () => number): number {
  let right = 0;
  for (let i = 0; i < column.length; i++) if (column[Math.floor(random() * column.length)]) right++;
  return (100 * right) / column.length;
}

/** Numbers in [0, 1) that follow from the seed alone: equal items give equal intervals. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let x = Math.imul(state ^ (state >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  };
}
