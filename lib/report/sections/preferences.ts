import { evenly, extremes } from "../facts/curve.ts";
import type { Preference, RunFacts } from "../facts/run-facts.ts";
import { type Html, html } from "../draw/html.ts";
import { type Axes, dots, horizontals, line } from "../draw/path.ts";
import { plot } from "../draw/plot.ts";
import { linearScale } from "../draw/scale.ts";
import { type Column, table } from "../draw/table.ts";
import { countUnit, decimals } from "../draw/units.ts";
import { count } from "../../format.ts";
import { growthLines, stageBands } from "./stage-marks.ts";

/** Rows that are shown of many: evenly spread, with the first and the last. */
const MOST_ROWS = 25;

/** One number of the held-out pairs, as the plots show it. */
interface Quantity {
  title: string;
  axis: string;
  of: (preference: Preference) => number;
  /** That of a model which is its own reference, as it is before the first step. */
  start: number;
}

const QUANTITIES: readonly Quantity[] = [
  { title: "Margin", axis: "nats · beta", of: ({ margin }) => margin, start: 0 },
  { title: "Accuracy", axis: "% of the pairs", of: ({ accuracy }) => 100 * accuracy, start: 50 },
];

const COLUMNS: readonly Column<Preference>[] = [
  { title: "step", cell: ({ step }) => step.toLocaleString("en") },
  { title: "tokens", cell: ({ tokens }) => count(tokens) },
  { title: "loss", cell: ({ loss }) => decimals(loss, 4) },
  { title: "margin", cell: ({ margin }) => decimals(margin, 4) },
  { title: "accuracy (%)", cell: ({ accuracy }) => decimals(100 * accuracy, 1) },
];

/** How far the model prefers the chosen answers of held-out pairs, over time and in numbers. */
export function preferences(run: RunFacts): Html | null {
  const all = run.preferences;
  const last = all.at(-1);
  if (!last) return null;
  const rows = evenly(all, MOST_ROWS);
  return html`<section>
    <h2>Preferences</h2>
    <div class="multiples">
      ${QUANTITIES.map(
        (quantity) =>
          html`<figure>
            <h3>${quantity.title}</h3>
            ${overTime(run, quantity)}
          </figure>`,
      )}
    </div>
    <h3>On ${last.pairs.toLocaleString("en")} held-out pairs</h3>
    ${table("Preferences", COLUMNS, rows)}
    <p class="note">
      Margin: beta times how much more likely the model makes the chosen answer, against the
      rejected one, than its reference does; mean over the pairs. Accuracy: pairs whose margin is
      above zero. <i class="swatch baseline"></i> a model that prefers neither.
      ${rows.length < all.length && html`${rows.length} of ${all.length} measurements.`}
    </p>
  </section>`;
}

function overTime(
  { preferences: all, steps, stages, summary }: RunFacts,
  quantity: Quantity,
): Html {
  const { title, axis, of, start } = quantity;
  const end = steps.tokens.at(-1) ?? all.at(-1)!.tokens;
  const tokens = all.map((at) => at.tokens);
  const values = all.map(of);
  const axes: Axes = { x: linearScale(0, end), y: scaleOf([...values, start]) };
  return plot({
    axes,
    x: countUnit("training tokens", end),
    y: { factor: 1, title: axis },
    description: `${title} of ${summary.name} on held-out pairs against training tokens`,
    back: stageBands(axes, stages, "tokens"),
    lines: [
      growthLines(axes, stages, "tokens"),
      horizontals(axes, [start], "baseline"),
      line(axes, tokens, values, "train"),
      dots(
        axes,
        tokens.map((x, i) => [x, values[i]!] as const),
        "validation",
      ),
    ],
    size: "small",
  });
}

function scaleOf(values: readonly number[]) {
  const { least, greatest } = extremes(values);
  const room = 0.08 * (greatest - least);
  return linearScale(least - room, greatest + room, true);
}
