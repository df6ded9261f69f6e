/** Points of one drawn line: enough for a screen, few enough for a file that opens at once. */
const MOST_POINTS = 2000;

/**
 * Indices of at most `most` entries, ascending: the least and the greatest of each stretch, so that thinning loses
 * no spike. A stretch without any number keeps one entry, which shows as a gap.
 */
export function thin(values: readonly number[], most = MOST_POINTS): number[] {
  const { length } = values;
  if (length <= most) return [...values.keys()];
  const stretches = most >> 1;
  const indices: number[] = [];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const begin = Math.floor((stretch * length) / stretches);
    const end = Math.floor(((stretch + 1) * length) / stretches);
    let least = -1;
    let greatest = -1;
    for (let i = begin; i < end; i++) {
      if (!Number.isFinite(values[i])) continue;
      if (least < 0 || values[i]! < values[least]!) least = i;
      if (greatest < 0 || values[i]! > values[greatest]!) greatest = i;
    }
    if (least < 0) indices.push(begin);
    else indices.push(...new Set([Math.min(least, greatest), Math.max(least, greatest)]));
  }
  return indices;
}

/** Entries on each side that `smooth` takes into its mean, for a line of `length` entries. */
export function smoothingReach(length: number): number {
  return Math.floor(length / 120);
}

/**
 * Centred running mean over `reach` entries on each side that belong to the same group, so that one stage's loss
 * does not bleed into the next. What is not finite is left out; an entry that is not finite itself stays NaN.
 */
export function smooth(
  values: readonly number[],
  groups: readonly number[],
  reach: number,
): number[] {
  const sums = [0];
  const counts = [0];
  for (const [i, value] of values.entries()) {
    const isNumber = Number.isFinite(value);
    sums.push(sums[i]! + (isNumber ? value : 0));
    counts.push(counts[i]! + (isNumber ? 1 : 0));
  }
  const result: number[] = [];
  for (let first = 0; first < values.length;) {
    let end = first + 1;
    while (end < values.length && Object.is(groups[end], groups[first])) end++;
    for (let i = first; i < end; i++) {
      const from = Math.max(first, i - reach);
      const to = Math.min(end, i + reach + 1);
      const mean = (sums[to]! - sums[from]!) / (counts[to]! - counts[from]!);
      result.push(Number.isFinite(values[i]) ? mean : Number.NaN);
    }
    first = end;
  }
  return result;
}

/** Entries that a quantile is estimated from; sorting a million to cut an axis would be waste. */
const QUANTILE_SAMPLE = 20_000;

/** The value below which about `share` of the finite entries lie; NaN without any. */
export function quantile(values: readonly number[], share: number): number {
  const stride = Math.ceil(values.length / QUANTILE_SAMPLE);
  const sample = stride > 1 ? values.filter((_, i) => i % stride === 0) : values;
  const sorted = Float64Array.from(sample.filter(Number.isFinite)).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** The least and the greatest finite entry; NaN without any. */
export function extremes(values: readonly number[]): { least: number; greatest: number } {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return least <= greatest ? { least, greatest } : { least: Number.NaN, greatest: Number.NaN };
}

/** At most `most` of the items, evenly spread, with the first and the last. */
export function evenly<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  const last = items.length - 1;
  return Array.from({ length: most }, (_, i) => items[Math.round((i * last) / (most - 1))]!);
}
