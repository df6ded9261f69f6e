import { evenly } from "../facts/curve.ts";
import type { RunFacts } from "../facts/run-facts.ts";
import { type Html, html } from "../draw/html.ts";
import { decimals } from "../draw/units.ts";
import { type EventOf, eventsOf } from "../read/events.ts";

/** Samples that are shown of many: evenly spread, with the first and the last. */
const MOST_SAMPLES = 12;

/** What the model wrote: at the end for all to see, before that on request. */
export function samples(run: RunFacts): Html | null {
  const all = eventsOf(run.events, "sample");
  const last = all.at(-1);
  if (!last) return null;
  const earlier = evenly(all, MOST_SAMPLES).slice(0, -1);
  return html`<section>
    <h2>${earlier.length > 0 ? "Samples" : "Sample"}</h2>
    ${written(run, last)}
    <p class="note">Bold: the prompt. The rest was written by the model.</p>
    ${
      earlier.length > 0 &&
      html`<details>
        <summary>
          what it wrote earlier, from step ${earlier[0]!.step.toLocaleString("en")} on
        </summary>
        ${earlier.map((one) => written(run, one))}
      </details>`
    }
  </section>`;
}

function written({ stages, validations }: RunFacts, sample: EventOf<"sample">): Html {
  const stage = stages.findLast(({ from }) => from.step < sample.step);
  const loss = validations.findLast(({ step }) => step <= sample.step)?.loss;
  const facts = [
    `step ${sample.step.toLocaleString("en")}`,
    stages.length > 1 && stage ? `stage ${stage.name}` : null,
    loss === undefined ? null : `validation loss ${decimals(loss, 3)}`,
  ];
  return html`<figure class="written">
    <figcaption>${facts.filter((fact) => fact !== null).join(" · ")}</figcaption>
    <pre class="sample"><b>${sample.prompt}</b>${sample.text}</pre>
  </figure>`;
}
