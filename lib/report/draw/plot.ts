import { type Html, html } from "./html.ts";
import { shortened, spread } from "./labels.ts";
import { type Axes, horizontals } from "./path.ts";
import { SIDE } from "./scale.ts";
import { percent, tickLabels, type Unit } from "./units.ts";

/** Two lines of text must be this share of the plot's height apart. */
const LINE_SHARE = 0.055;

/** Characters of a name that have room beside the plot. */
const LONGEST_END = 17;

/** A label at the right end of a line. */
export interface EndLabel {
  value: number;
  /** A narrow window shows the number alone where there is one. */
  name: string;
  number: string | null;
  style: string;
}

export interface PlotOptions {
  axes: Axes;
  /** Unit and title of each axis. */
  x: Unit;
  y: Unit;
  /** What a reader without eyes is told. */
  description: string;
  /** From back to front, above the grid. */
  lines: readonly Html[];
  /** Behind the grid. */
  back?: Html;
  ends?: readonly EndLabel[];
  /** HTML over the plot. */
  over?: readonly Html[];
  size?: "tall" | "small";
  /** What the pointer and the arrow keys read out: the column of the x axis, and those of the values. */
  readout?: { x: string; y: readonly string[] };
}

/** A plot that stretches with the page: an SVG of lines under HTML labels that keep their size. */
export function plot(options: PlotOptions): Html {
  const { axes, x, y, lines, back, over = [], ends = [], size = "tall", readout } = options;
  const isSmall = size === "small";
  const xTicks = axes.x.ticks(isSmall ? 4 : 8);
  const yTicks = axes.y.ticks(isSmall ? 4 : 6);
  return html`<div class="plot ${size} ${ends.length > 0 && "with-ends"}">
    <div
      class="area"
      ${readout && html`data-x="${readout.x}" data-y="${readout.y.join(" ")}"`}
      data-from="${axes.x.from}"
      data-to="${axes.x.to}"
    >
      <svg
        viewBox="0 0 ${SIDE} ${SIDE}"
        preserveAspectRatio="none"
        role="img"
        aria-label="${options.description}"
      >
        ${back}${horizontals(axes, yTicks, "grid")}${lines}
      </svg>
      ${tickLabels(yTicks, y.factor).map((text, i) => yTick(text, axes.y.place(yTicks[i]!)))}
      ${tickLabels(xTicks, x.factor).map((text, i) => xTick(text, axes.x.place(xTicks[i]!), i))}
      ${endLabels(ends, axes)}${over}
      <span class="y-title">${y.title}</span>
    </div>
    <div class="x-title">${x.title}</div>
  </div>`;
}

function yTick(text: string, place: number): Html {
  return html`<span class="y-tick" style="top:${percent(place)}">${text}</span>`;
}

/** Every other tick gives way in a narrow window. */
function xTick(text: string, place: number, index: number): Html {
  return html`<span class="x-tick ${index % 2 === 1 && "extra"}" style="left:${percent(place)}"
    >${text}</span
  >`;
}

function endLabels(ends: readonly EndLabel[], { y }: Axes): Html[] {
  const shown = ends.filter(({ value }) => Number.isFinite(value));
  const wanted = shown.map(({ value }) => Math.min(1, Math.max(0, y.place(value) / SIDE)));
  return spread(wanted, LINE_SHARE).map((share, i) => {
    const { name, number, style } = shown[i]!;
    const text =
      number === null ? shortened(name, LONGEST_END) : html`<i class="wide">${name} </i>${number}`;
    return html`<span class="end ${style}" style="top:${percent(share * SIDE)}" title="${name}"
      >${text}</span
    >`;
  });
}
