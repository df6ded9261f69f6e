import type { RunFacts } from "../facts/run-facts.ts";
import { type Html, html } from "../draw/html.ts";
import { lossPlot } from "./loss-plot.ts";
import { shapeStrip } from "./shapes.ts";

/** The central picture: what the loss did while the model grew. */
export function story(run: RunFacts): Html {
  const { stages, steps, smoothing } = run;
  if (steps.step.length === 0)
    return html`<section>
      <h2>Training</h2>
      <p class="empty">No steps were recorded.</p>
    </section>`;
  const grew = stages.length > 1;
  return html`<section>
      <h2>${grew ? "Growth and loss" : "Loss"}</h2>
      <figure>
        ${lossPlot(run, "tokens")}
        <figcaption>${caption(run)}</figcaption>
        ${shapeStrip(stages)}
        ${
          grew &&
          html`<figcaption>
            The model of each stage, to one scale: one bar a layer, as long as the hidden size is
            wide. <i class="swatch old"></i> inherited, <i class="swatch new"></i> added by the
            growth event.
          </figcaption>`
        }
      </figure>
    </section>
    <section>
      <h2>Loss and compute</h2>
      <figure>
        ${lossPlot(run, "flops")}
        <figcaption>
          The same losses against the FLOPs spent on
          them${grew ? ": early stages are cheap, so they take little of this axis" : ""}.
        </figcaption>
      </figure>
    </section>`;

  function caption({ stages, validations, summary }: RunFacts): Html {
    return html`<i class="swatch raw"></i> training loss of each
      step${
        smoothing > 1 &&
        html`, <i class="swatch train"></i> its mean over ${smoothing} logged steps`
      }${validations.length > 0 && html`; <i class="swatch validation"></i> validation loss`}${
        summary.bigram_loss !== null &&
        html`; <i class="swatch baseline"></i> an interpolated bigram model on the same validation
          text`
      }.${stages.some(({ ramp_end }) => ramp_end) && html` Shaded orange: the ramp in which new parts fade in.`}`;
  }
}
