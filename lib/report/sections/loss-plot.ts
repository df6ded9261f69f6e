import type { Measure } from "../facts/progress.ts";
import type { RunFacts } from "../facts/run-facts.ts";
import type { StageSpan } from "../facts/stages.ts";
import { type Html, html } from "../draw/html.ts";
import { layLabels, markLabel, type MarkText } from "../draw/labels.ts";
import { lossScale } from "../draw/loss-scale.ts";
import { type Axes, band, dots, horizontals, line, verticals } from "../draw/path.ts";
import { type EndLabel, plot } from "../draw/plot.ts";
import { linearScale, SIDE } from "../draw/scale.ts";
import { countChange, countUnit, decimals, powerUnit } from "../draw/units.ts";
import { count } from "../../format.ts";

const X_UNIT = {
  tokens: (largest: number) => countUnit("training tokens", largest),
  flops: (largest: number) => powerUnit("training FLOPs, cumulative", largest),
};

/** Training and validation loss of one run against `measure`, with its stages, growth marks and ramps. */
export function lossPlot(run: RunFacts, measure: Measure): Html {
  const { steps, smoothed, validations, summary, stages } = run;
  const end = steps[measure].at(-1) ?? 0;
  const growths = stages.flatMap(({ growth }) => (growth ? [growth] : []));
  const shown = [
    ...validations.map(({ loss }) => loss),
    ...growths.flatMap(({ loss_before, loss_after }) => [loss_before, loss_after]),
    summary.bigram_loss ?? Number.NaN,
    ...smoothed.slice(-1),
  ];
  const axes: Axes = { x: linearScale(0, end), y: lossScale(steps.loss, shown) };
  const { bigram_loss } = summary;
  const marks = layLabels(
    stages.map((stage) => ({
      share: axes.x.place(stage.from[measure]) / SIDE,
      text: markText(stage),
    })),
  );
  return html`<div
    class="marked"
    style="--lanes:${Math.max(0, ...marks.map(({ lane }) => lane + 1))}"
  >
    ${plot({
      axes,
      x: X_UNIT[measure](end),
      y: { factor: 1, title: "loss (nats per token)" },
      description: `Training and validation loss of ${summary.name} against ${measure}, with its growth stages`,
      back: [
        stages
          .filter((_, i) => i % 2 === 1)
          .map(({ from, to }) => band(axes, from[measure], to[measure], "band")),
        stages.map(({ from, ramp_end }) =>
          ramp_end ? band(axes, from[measure], ramp_end[measure], "ramp") : null,
        ),
      ]
        .flat(2)
        .filter((layer) => layer !== null),
      layers: [
        ...(bigram_loss === null ? [] : [horizontals(axes, [bigram_loss], "baseline")]),
        verticals(
          axes,
          stages.slice(1).map(({ from }) => from[measure]),
          "growth",
        ),
        line(axes, steps[measure], steps.loss, "raw"),
        line(axes, steps[measure], smoothed, "train"),
        dots(
          axes,
          validations.map((at) => [at[measure], at.loss] as const),
          "validation",
        ),
      ],
      ends: [
        endLabel("training", smoothed.findLast(Number.isFinite), "train"),
        endLabel("validation", validations.at(-1)?.loss, "validation"),
        endLabel("bigram", bigram_loss, "baseline"),
      ],
      over: marks.map(markLabel),
      readout: { x: measure, y: ["loss", "smoothed", "lr"] },
    })}
  </div>`;
}

function endLabel(name: string, value: number | null | undefined, style: string): EndLabel {
  return { name, value: value ?? Number.NaN, number: decimals(value, 3), style };
}

function markText({ name, growth, parameters }: StageSpan): MarkText {
  const size = growth
    ? countChange(growth.parameters_before, growth.parameters_after)
    : Number.isFinite(parameters) && count(parameters);
  return size
    ? { before: `${name}: `, short: size, after: " parameters" }
    : { before: "", short: name, after: "" };
}
