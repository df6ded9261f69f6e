import { thin } from "../facts/curve.ts";
import { type Html, html, raw } from "./html.ts";
import type { Scale } from "./scale.ts";

export interface Axes {
  x: Scale;
  y: Scale;
}

/** A line through all finite points; the others are gaps. */
export function line(
  axes: Axes,
  xs: readonly number[],
  ys: readonly number[],
  style: string,
): Html {
  const pieces: string[][] = [[]];
  for (const i of thin(ys)) {
    if (!Number.isFinite(xs[i]) || !Number.isFinite(ys[i])) pieces.push([]);
    else pieces.at(-1)!.push(`${short(axes.x.place(xs[i]!))} ${short(axes.y.place(ys[i]!))}`);
  }
  const whole = pieces.filter(({ length }) => length > 1).map((points) => `M${points.join("L")}`);
  // A point between gaps, such as the only one of a run of one step, would be no larger than the line is thick.
  const alone = pieces.filter(({ length }) => length === 1).map(([point]) => `M${point}h0`);
  return html`<path class="line ${style}" d="${raw(whole.join(""))}" />${
      alone.length > 0 && html`<path class="line alone ${style}" d="${raw(alone.join(""))}" />`
    }`;
}

/** The area between two lines, where both are finite; neighbours are joined. */
export function ribbon(
  axes: Axes,
  points: readonly (readonly [x: number, low: number, high: number])[],
  style: string,
): Html {
  const shown = points.filter((point) => point.every(Number.isFinite));
  const at = (x: number, y: number) => `${short(axes.x.place(x))} ${short(axes.y.place(y))}`;
  const outline = [
    ...shown.map(([x, , high]) => at(x, high)),
    ...shown.toReversed().map(([x, low]) => at(x, low)),
  ];
  return html`<path
    class="${style}"
    d="${raw(shown.length > 0 ? `M${outline.join("L")}Z` : "")}"
  />`;
}

/** More dots than this would hide each other, and the lines behind them, at their usual size. */
const MOST_LARGE_DOTS = 100;

/** Dots as lines of length zero: round caps keep their shape however the plot is stretched. */
export function dots(
  axes: Axes,
  points: readonly (readonly [number, number])[],
  style: string,
): Html {
  const known = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const data = thin(known.map(([, y]) => y))
    .map((i) => `M${short(axes.x.place(known[i]![0]))} ${short(axes.y.place(known[i]![1]))}h0`)
    .join("");
  const size = known.length > MOST_LARGE_DOTS ? "many " : "";
  return html`<path class="dots ${size}${style}" d="${raw(data)}" />`;
}

/** A stretch of the x axis over the plot's whole height. */
export function band({ x }: Axes, from: number, to: number, style: string): Html {
  const [left, right] = [x.place(from), x.place(to)];
  const width = Math.max(0, right - left);
  return html`<rect
    class="${style}"
    x="${short(left)}"
    y="0"
    width="${short(width)}"
    height="1000"
  />`;
}

export function verticals({ x }: Axes, values: readonly number[], style: string): Html {
  const data = values.map((value) => `M${short(x.place(value))} 0V1000`).join("");
  return html`<path class="line ${style}" d="${raw(data)}" />`;
}

export function horizontals({ y }: Axes, values: readonly number[], style: string): Html {
  const data = values.map((value) => `M0 ${short(y.place(value))}H1000`).join("");
  return html`<path class="line ${style}" d="${raw(data)}" />`;
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
