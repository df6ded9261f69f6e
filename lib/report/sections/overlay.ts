import { type Measure, MEASURES } from "../facts/progress.ts";
import type { RunFacts } from "../facts/run-facts.ts";
import { type Html, html } from "../draw/html.ts";
import { lossScale } from "../draw/loss-scale.ts";
import { type Axes, dots, line } from "../draw/path.ts";
import { plot } from "../draw/plot.ts";
import { linearScale } from "../draw/scale.ts";
import { views } from "../draw/views.ts";
import { LOSS_UNIT, MEASURE_UNIT } from "./loss-plot.ts";
import { knownMeasures, MEASURE_NAME } from "./story.ts";

/** Colours that every kind of colour vision tells apart; from the next run on they come again, dashed. */
const COLOURS = 7;

export function runStyle(index: number): string {
  const dashed = index >= COLOURS ? " dashed" : "";
  return `run-${index % COLOURS}${dashed}`;
}

/** The losses of several runs over one another, against all that they cost; rings where a model grew. */
export function overlay(runs: readonly RunFacts[]): Html {
  const drawn = runs.filter(({ steps }) => steps.step.length > 0);
  if (drawn.length === 0)
    return html`<section>
      <h2>Loss</h2>
      <p class="empty">No steps were recorded.</p>
    </section>`;
  const measures = MEASURES.filter((measure) =>
    drawn.every(({ steps }) => knownMeasures(steps).includes(measure)),
  );
  const grew = drawn.some(({ stages }) => stages.length > 1);
  return html`<section>
    <h2>Loss</h2>
    <figure>
      ${views(
        "loss",
        "against",
        measures.map((measure) => ({
          name: MEASURE_NAME[measure],
          content: lossOverlay(runs, measure),
        })),
      )}
      <figcaption>
        Smoothed training loss; dots are
        validation.${grew && html` <i class="ring"></i> growth events.`}
      </figcaption>
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
    lines: runs.flatMap((run, i) => [
      line(axes, run.steps[measure], run.smoothed, runStyle(i)),
      dots(
        axes,
        run.validations.map((at) => [at[measure], at.loss] as const),
        runStyle(i),
      ),
      // Two dots make a ring, whose shape does not follow the plot's.
      dots(axes, growthPoints(run, measure), `ring-outside ${runStyle(i)}`),
      dots(axes, growthPoints(run, measure), "ring-inside"),
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

/** Where the smoothed loss stood when the model grew. */
function growthPoints({ stages, steps, smoothed }: RunFacts, measure: Measure): [number, number][] {
  return stages.slice(1).map(({ from }) => {
    const before = steps.step.findLastIndex((step) => step <= from.step);
    return [from[measure], smoothed[before] ?? Number.NaN];
  });
}
