import type { Measure, Progress } from "../facts/progress.ts";
import type { RunFacts } from "../facts/run-facts.ts";
import type { StageSpan } from "../facts/stages.ts";
import { type Html, html } from "../draw/html.ts";
import { layLabels, markLabel, type MarkText, shortened } from "../draw/labels.ts";
import { lossScale } from "../draw/loss-scale.ts";
import { dots, horizontals, line } from "../draw/path.ts";
import { type EndLabel, plot } from "../draw/plot.ts";
import { linearScale, type Scale, SIDE } from "../draw/scale.ts";
import { countChange, countUnit, decimals, powerUnit, timeUnit, type Unit } from "../draw/units.ts";
import { count } from "../../format.ts";
import { growthLines, stageBands } from "./stage-marks.ts";

export const LOSS_UNIT = { factor: 1, title: "loss (nats per token)" };
const PAIR_LOSS_UNIT = { factor: 1, title: "loss (nats per pair of answers)" };

export const MEASURE_UNIT: Record<Measure, (largest: number) => Unit> = {
  tokens: (largest) => countUnit("training tokens", largest),
  step: (largest) => countUnit("training steps", largest),
  flops: (largest) => powerUnit("training FLOPs, cumulative", largest),
  seconds: (largest) => timeUnit("training time", largest),
};

/** Characters of a stage's name at its mark, where a label of twice that has half of the plot; tables have it whole. */
const LONGEST_NAME = 24;

/** Training and validation loss of one run against `measure`, with its stages, growth marks and ramps. */
export function lossPlot(run: RunFacts, measure: Measure): Html {
  const { steps, smoothed, preferences, summary, stages } = run;
  const { bigram_loss } = summary;
  const heldOut = heldOutOf(run);
  const end = steps[measure].at(-1)!;
  const axes = { x: linearScale(0, end), y: lossAxis(run) };
  const points = heldOut.map((at) => [at[measure], at.loss] as const);
  const marks = layLabels(
    stages.map((stage) => ({
      share: axes.x.place(stage.from[measure]) / SIDE,
      text: markText(stage),
    })),
  );
  const lanes = Math.max(0, ...marks.map(({ lane }) => lane + 1));
  const drawing = plot({
    axes,
    x: MEASURE_UNIT[measure](end),
    y: preferences.length > 0 ? PAIR_LOSS_UNIT : LOSS_UNIT,
    description: `Training and validation loss of ${summary.name} against ${measure}, with its growth stages`,
    back: stageBands(axes, stages, measure),
    lines: [
      ...(bigram_loss === null ? [] : [horizontals(axes, [bigram_loss], "baseline")]),
      growthLines(axes, stages, measure),
      ...(run.smoothing > 1 ? [line(axes, steps[measure], steps.loss, "raw")] : []),
      line(axes, steps[measure], smoothed, "train"),
      dots(axes, points, "validation"),
    ],
    ends: [
      endLabel("training", smoothed.findLast(Number.isFinite), "train"),
      endLabel("validation", heldOut.at(-1)?.loss, "validation"),
      endLabel("bigram", bigram_loss, "baseline"),
    ],
    over: marks.map(markLabel),
    readout: { x: measure, y: ["loss", "smoothed", "lr"] },
  });
  return html`<div class="marked" style="--lanes:${lanes}">${drawing}</div>`;
}

/** The axis of a run's losses: validation, the baseline and both sides of each growth event are always on it. */
export function lossAxis(run: RunFacts): Scale {
  const { steps, smoothed, summary, stages } = run;
  return lossScale(steps.loss, [
    ...heldOutOf(run).map(({ loss }) => loss),
    ...stages.flatMap(({ growth }) => (growth ? [growth.loss_before, growth.loss_after] : [])),
    summary.bigram_loss ?? Number.NaN,
    smoothed.findLast(Number.isFinite) ?? Number.NaN,
  ]);
}

/** Where the loss was measured on what is held out: text or, with objective dpo, pairs of answers. */
export function heldOutOf({ validations, preferences }: RunFacts): (Progress & { loss: number })[] {
  return [...validations, ...preferences];
}

function endLabel(name: string, value: number | null | undefined, style: string): EndLabel {
  return { name, value: value ?? Number.NaN, number: decimals(value, 3), style };
}

function markText({ name, growth, parameters }: StageSpan): MarkText {
  const size = growth
    ? countChange(growth.parameters_before, growth.parameters_after)
    : Number.isFinite(parameters) && count(parameters);
  return size
    ? { before: `${shortened(name, LONGEST_NAME)}: `, short: size, after: " parameters" }
    : { before: "", short: shortened(name, LONGEST_NAME), after: "" };
}
