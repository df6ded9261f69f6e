import type { RunFacts } from "../facts/run-facts.ts";
import { extremes, quantile } from "../facts/curve.ts";
import { type Html, html } from "../draw/html.ts";
import { line } from "../draw/path.ts";
import { plot } from "../draw/plot.ts";
import { linearScale } from "../draw/scale.ts";
import { countUnit, powerUnit, type Unit } from "../draw/units.ts";
import { growthLines, stageBands } from "./stage-marks.ts";

interface Multiple {
  column: "lr" | "grad_norm" | "tokens_per_second";
  title: string;
  unit: (largest: number) => Unit;
  /** Share of the values that the axis holds; spikes above it leave the plot. */
  share: number;
}

const MULTIPLES: readonly Multiple[] = [
  { column: "lr", title: "Learning rate", unit: (largest) => powerUnit("", largest), share: 1 },
  {
    column: "grad_norm",
    title: "Gradient norm",
    unit: () => ({ factor: 1, title: "" }),
    share: 0.985,
  },
  {
    column: "tokens_per_second",
    title: "Speed",
    unit: (largest) => countUnit("tokens/s", largest),
    share: 1,
  },
];

/** Learning rate, gradient norm and speed, small and side by side, on the story's axis. */
export function multiples({ steps, stages }: RunFacts): Html | null {
  const shown = MULTIPLES.filter(({ column }) => steps[column].some(Number.isFinite));
  if (shown.length === 0) return null;
  const end = steps.tokens.at(-1)!;
  const x = linearScale(0, end);
  return html`<section>
    <h2>Optimizer and speed</h2>
    <div class="multiples">
      ${shown.map(({ column, title, unit, share }) => {
        const top = share < 1 ? quantile(steps[column], share) : extremes(steps[column]).greatest;
        const axes = { x, y: linearScale(0, 1.08 * top, true) };
        return html`<figure>
          <h3>${title}</h3>
          ${plot({
            axes,
            x: countUnit("training tokens", end),
            y: unit(top),
            description: `${title} against training tokens`,
            back: stageBands(axes, stages, "tokens"),
            lines: [
              growthLines(axes, stages, "tokens"),
              line(axes, steps.tokens, steps[column], "train"),
            ],
            size: "small",
            readout: { x: "tokens", y: [column] },
          })}
        </figure>`;
      })}
    </div>
  </section>`;
}
