import { MEASURES, type Measure } from "../facts/progress.ts";
import type { RunFacts } from "../facts/run-facts.ts";
import type { Steps } from "../read/record.ts";
import { type Html, html } from "../draw/html.ts";
import { decimals } from "../draw/units.ts";
import { views } from "../draw/views.ts";
import { heldOutOf, lossAxis, lossPlot } from "./loss-plot.ts";
import { shapeStrip } from "./shapes.ts";

/** What the switch calls each axis. */
export const MEASURE_NAME: Record<Measure, string> = {
  tokens: "tokens",
  step: "steps",
  flops: "FLOPs",
  seconds: "time",
};

/** The central picture: what the loss did while the model grew, against all that it cost. */
export function story(run: RunFacts): Html {
  const { stages, steps } = run;
  if (steps.step.length === 0)
    return html`<section>
      <h2>Loss</h2>
      <p class="empty">No steps were recorded.</p>
    </section>`;
  const grew = stages.length > 1;
  const drawings = knownMeasures(steps).map((measure) => ({
    name: MEASURE_NAME[measure],
    content: lossPlot(run, measure),
  }));
  return html`<section>
    <h2>${grew ? "Growth and loss" : "Loss"}</h2>
    <figure>
      ${views("loss", "against", drawings)}
      <figcaption>${caption(run)}</figcaption>
      ${shapeStrip(stages)} ${grew && SHAPES_CAPTION}
    </figure>
  </section>`;
}

/** Measures that the run's files tell of every step. */
export function knownMeasures(steps: Steps): Measure[] {
  return MEASURES.filter((measure) => steps[measure].every(Number.isFinite));
}

const SHAPES_CAPTION = html`<figcaption>
  The model of each stage, to one scale: one bar a layer, as long as the hidden size is wide.
  <i class="swatch old"></i> inherited, <i class="swatch new"></i> added by the growth event.
</figcaption>`;

function caption(run: RunFacts): Html {
  const { steps, stages, summary, smoothing } = run;
  const first = steps.loss[0]!;
  const isCut = first > lossAxis(run).to;
  const hasRamp = stages.some(({ ramp_end }) => ramp_end !== null);
  const training =
    smoothing > 1
      ? html`<i class="swatch raw"></i> training loss of each step, <i class="swatch train"></i> its
          mean over ${smoothing} logged steps`
      : html`<i class="swatch train"></i> training loss of each step`;
  const validation = html`; <i class="swatch validation"></i> validation loss`;
  const bigram = html`; <i class="swatch baseline"></i> an interpolated bigram model on the same
    validation text`;
  return html`${training}${heldOutOf(run).length > 0 && validation}${
    summary.bigram_loss !== null && bigram
  }.${isCut && ` The first steps, from ${decimals(first, 2)} on, lie above the plot.`}${
    hasRamp && " Shaded orange: the ramp in which new parts fade in."
  }${stages.length > 1 && " Small stages are cheap: against FLOPs they take little of the axis."}`;
}
