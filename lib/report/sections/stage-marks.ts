import type { Measure } from "../facts/progress.ts";
import type { StageSpan } from "../facts/stages.ts";
import { type Html, html } from "../draw/html.ts";
import { type Axes, band, verticals } from "../draw/path.ts";

/** Every other stage on a tinted ground, and each ramp on its own. */
export function stageBands(axes: Axes, stages: readonly StageSpan[], measure: Measure): Html {
  return html`${stages.map(
    ({ from, to, ramp_end }, i) =>
      html`${i % 2 === 1 && band(axes, from[measure], to[measure], "band")}${
        ramp_end && band(axes, from[measure], ramp_end[measure], "ramp")
      }`,
  )}`;
}

/** Where the model grew. */
export function growthLines(axes: Axes, stages: readonly StageSpan[], measure: Measure): Html {
  const places = stages.slice(1).map(({ from }) => from[measure]);
  return verticals(axes, places, "growth");
}
