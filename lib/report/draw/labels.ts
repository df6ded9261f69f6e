import { type Html, html } from "./html.ts";
import { SIDE } from "./scale.ts";
import { percent } from "./units.ts";

/**
 * The narrowest plots that labels are laid out for, cut short and whole, and a character's width: CSS pixels. Labels are
 * whole in windows of more than 48rem, where a plot has 540 at least.
 */
const NARROW_PLOT = 270;
const WIDE_PLOT = 520;
const CHARACTER = 6.6;

/** Text at a mark on the x axis; a narrow window shows `short` alone. */
export interface MarkText {
  before: string;
  short: string;
  after: string;
}

/** A label that starts at its mark, or ends there when it is in the right half. */
export interface MarkLabel {
  /** 0 … 1 along the plot. */
  share: number;
  text: MarkText;
  endsAtMark: boolean;
  /** 0 is next to the plot. */
  lane: number;
}

/** Puts labels into as few lanes as keep them apart in any window. */
export function layLabels(marks: readonly { share: number; text: MarkText }[]): MarkLabel[] {
  const lanes: [from: number, to: number][][] = [];
  return marks.map(({ share, text }) => {
    const endsAtMark = share > 0.5;
    const width = widthOf(text);
    const [from, to] = endsAtMark ? [share - width, share] : [share, share + width];
    const isFree = (lane: [number, number][]) => lane.every(([a, b]) => to < a || b < from);
    let lane = lanes.findIndex(isFree);
    if (lane < 0) lane = lanes.push([]) - 1;
    lanes[lane]!.push([from, to]);
    return { share, text, endsAtMark, lane };
  });
}

/** Widest share of the plot that the text takes in any window. */
function widthOf({ before, short, after }: MarkText): number {
  const whole = before.length + short.length + after.length;
  return CHARACTER * Math.max(short.length / NARROW_PLOT, whole / WIDE_PLOT);
}

/** Without its middle, where it is too long: names that go together differ at their beginnings or at their ends. */
export function shortened(text: string, longest: number): string {
  const characters = [...text];
  if (characters.length <= longest) return text;
  const kept = longest - 1;
  return [
    ...characters.slice(0, Math.ceil(kept / 2)),
    "…",
    ...characters.slice(-Math.floor(kept / 2)),
  ].join("");
}

export function markLabel({ share, text, endsAtMark, lane }: MarkLabel): Html {
  const place = endsAtMark
    ? `right:${percent((1 - share) * SIDE)}`
    : `left:${percent(share * SIDE)}`;
  const { before, short, after } = text;
  return html`<span class="mark ${endsAtMark && "ends"}" style="${place};--lane:${lane}"
    ><b><i class="wide">${before}</i>${short}<i class="wide">${after}</i></b></span
  >`;
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
