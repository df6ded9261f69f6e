/** The narrowest plot that labels are laid out for, and the width of a character, in CSS pixels. */
const NARROW_PLOT = 270;
const CHARACTER = 6.6;

/** A label that starts at a mark on the x axis, or ends there when it is in the right half. */
export interface MarkLabel {
  /** 0 … 1 along the plot. */
  share: number;
  text: string;
  endsAtMark: boolean;
  /** 0 is next to the plot. */
  lane: number;
}

/** Puts labels into as few lanes as keep them apart even in a narrow window. */
export function layLabels(marks: readonly { share: number; text: string }[]): MarkLabel[] {
  const lanes: [from: number, to: number][][] = [];
  return marks.map(({ share, text }) => {
    const endsAtMark = share > 0.5;
    const width = (text.length * CHARACTER) / NARROW_PLOT;
    const [from, to] = endsAtMark ? [share - width, share] : [share, share + width];
    const isFree = (lane: [number, number][]) => lane.every(([a, b]) => to < a || b < from);
    let lane = lanes.findIndex(isFree);
    if (lane < 0) lane = lanes.push([]) - 1;
    lanes[lane]!.push([from, to]);
    return { share, text, endsAtMark, lane };
  });
}

/**
 * Moves positions (0 at the top … 1) apart until each is `gap` from the next, as little as possible from where they
 * were and in their order.
 */
export function spread(positions: readonly number[], gap: number): number[] {
  const order = [...positions.keys()].sort((a, b) => positions[a]! - positions[b]!);
  const placed: number[] = Array(positions.length);
  let above = -Infinity;
  for (const i of order) above = placed[i] = Math.max(positions[i]!, above + gap);
  let below = 1 + gap / 2;
  for (const i of order.toReversed()) {
    below = placed[i] = Math.min(placed[i]!, below);
    below -= gap;
  }
  return placed;
}
