import type { Measure } from "../facts/progress.ts";
import type { RunFacts } from "../facts/run-facts.ts";
import { type Html, html } from "../draw/html.ts";
import { lossScale } from "../draw/loss-scale.ts";
import { type Axes, dots, line } from "../draw/path.ts";
import { plot } from "../draw/plot.ts";
import { linearScale } from "../draw/scale.ts";
import { LOSS_UNIT, MEASURE_UNIT } from "./loss-plot.ts";

/** Colours that every kind of colour vision tells apart; from the next run on they come again, dashed. */
const COLOURS = 7;

export function runStyle(index: number): string {
  const dashed = index >= COLOURS ? " dashed" : "";
  return `run-${index % COLOURS}${dashed}`;
}

/** The losses of several runs over one another, against tokens and against FLOPs. */
export function overlay(runs: readonly RunFacts[]): Html {
  const drawn = runs.filter(({ steps }) => steps.step.length > 0);
  if (drawn.length === 0)
    return html`<section>
      <h2>Loss</h2>
      <p class="empty">No steps were recorded.</p>
    </section>`;
  return html`<section>
      <h2>Loss against tokens</h2>
      <figure>
        ${lossOverlay(runs, "tokens")}
        <figcaption>Smoothed training loss; dots are validation.</figcaption>
      </figure>
    </section>
    <section>
      <h2>Loss against compute</h2>
      <figure>
        ${lossOverlay(runs, "flops")}
        <figcaption>The same losses against the FLOPs spent on them.</figcaption>
      </figure>
    </section>`;
}

function lossOverlay(runs: readonly RunFacts[], measure: Measure): Html {
  const end = Math.max(
    0,
    ...runs.map(({ steps }) => steps[measure].findLast(Number.isFinite) ?? 0),
  );
  const axes: Axes = {
    x: linearScale(0, end),
    y: lossScale(
      runs.flatMap(({ smoothed }) => smoothed),
      runs.flatMap(({ validations }) => validations.map(({ loss }) => loss)),
    ),
  };
  return plot({
    axes,
    x: MEASURE_UNIT[measure](end),
    y: LOSS_UNIT,
    description: `Training loss of ${runs.length} runs against ${measure}`,
    lines: runs.flatMap(({ steps, smoothed, validations }, i) => [
      line(axes, steps[measure], smoothed, runStyle(i)),
      dots(
        axes,
        validations.map((at) => [at[measure], at.loss] as const),
        runStyle(i),
      ),
    ]),
    ends: runs.map(({ smoothed, summary }, i) => ({
      value: smoothed.findLast(Number.isFinite) ?? Number.NaN,
      name: summary.name,
      number: null,
      style: runStyle(i),
    })),
    readout: { x: measure, y: ["smoothed"] },
  });
}
