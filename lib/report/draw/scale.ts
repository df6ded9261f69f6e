/** Side of the square that plots are drawn in; the page stretches it. */
export const SIDE = 1000;

/** A linear map from values to 0 … SIDE, with ticks at round values. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  /** Values far outside end just outside, so that no path has absurd coordinates. */
  place(value: number): number;
  ticks(most: number): number[];
}

/** Values that are closer together, as a share of the larger one, count as one: their ticks would have the same digits. */
const LEAST_SHARE = 1e-9;
/** And so do those, whose difference cannot be cut into ticks. */
const LEAST_RANGE = 1e-300;

/** @param isUpward y axes grow upwards, pixels downwards. */
export function linearScale(from: number, to: number, isUpward = false): Scale {
  // One value alone gets room around it.
  const magnitude = Math.max(Math.abs(from), Math.abs(to));
  const isOne = to - from <= Math.max(LEAST_SHARE * magnitude, LEAST_RANGE);
  const half = isOne ? Math.max(magnitude / 2, 0.5) : 0;
  const [low, high] = [from - half, to + half];
  return {
    from: low,
    to: high,
    place(value) {
      const share = Math.min(3, Math.max(-2, (value - low) / (high - low)));
      return SIDE * (isUpward ? 1 - share : share);
    },
    ticks: (most) => roundTicks(low, high, most),
  };
}

/** At most `most` multiples of 1, 2 or 5 times a power of ten, within the range. */
function roundTicks(low: number, high: number, most: number): number[] {
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999)!;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}
