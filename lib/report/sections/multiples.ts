import type { RunFacts } from "../facts/run-facts.ts";
import { extremes, quantile } from "../facts/curve.ts";
import { type Html, html } from "../draw/html.ts";
import { line } from "../draw/path.ts";
import { plot } from "../draw/plot.ts";
import { linearScale } from "../draw/scale.ts";
import { countUnit, powerUnit, type Unit } from "../draw/units.ts";
import { growthLines, stageBands } from "./stage-marks.ts";

interface Multiple {
  column: "lr" | "grad_norm" | "tokens_per_second" | "mfu" | "tflops";
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
  {
    column: "mfu",
    title: "Model FLOPs utilisation",
    unit: () => ({ factor: 0.01, title: "% of the device’s peak" }),
    share: 1,
  },
  {
    column: "tflops",
    title: "Compute",
    unit: (largest) =>
      largest < 1 ? { factor: 0.001, title: "GFLOP/s" } : { factor: 1, title: "TFLOP/s" },
    share: 1,
  },
];

/** Learning rate, gradient norm, speed and use of the device, small and side by side, on the story's axis. */
export function multiples({ steps, stages }: RunFacts): Html | null {
  const known = MULTIPLES.filter(({ column }) => steps[column].some(Number.isFinite));
  // The utilisation says more than the FLOP/s it is made of, where the device's peak is known.
  const hasMfu = known.some(({ column }) => column === "mfu");
  const shown = known.filter(({ column }) => column !== "tflops" || !hasMfu);
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
