import { type Html, html } from "../draw/html.ts";

/** CSS pixels of a bar from 0 to 100 %. */
const WIDTH = 140;
const HEIGHT = 12;

/** A score as a dot on its interval, with the floor as an upright tick. The numbers stand beside it. */
export function scoreBar(row: {
  score: number;
  ci95: readonly [number, number] | null;
  floor: number;
}): Html {
  const x = (percentage: number) =>
    4 + ((WIDTH - 8) * Math.min(100, Math.max(0, percentage))) / 100;
  const middle = HEIGHT / 2;
  return html`<svg class="score-bar" width="${WIDTH}" height="${HEIGHT}" aria-hidden="true">
    <path class="line grid" d="M${x(0)} ${middle}H${x(100)}" />
    ${row.ci95 && html`<path class="line range" d="M${x(row.ci95[0])} ${middle}H${x(row.ci95[1])}" />`}
    ${Number.isFinite(row.floor) && html`<path class="line floor" d="M${x(row.floor)} 1V${HEIGHT - 1}" />`}
    ${Number.isFinite(row.score) && html`<circle cx="${x(row.score)}" cy="${middle}" r="3.5" />`}
  </svg>`;
}
