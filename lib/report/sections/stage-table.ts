import type { RunFacts } from "../facts/run-facts.ts";
import type { StageSpan } from "../facts/stages.ts";
import { type Html, html } from "../draw/html.ts";
import { type Column, table } from "../draw/table.ts";
import { decimals, NOTHING, scientific, shareText } from "../draw/units.ts";
import type { Measure } from "../facts/progress.ts";
import { count, duration } from "../../format.ts";

/** What each stage was, what it cost and where it led. */
export function stageTable({ stages, summary, config }: RunFacts): Html | null {
  if (stages.length === 0) return null;
  const price = Number(config.values.get("hardware.price_per_gpu_hour") ?? Number.NaN);
  const ranks = summary.ranks ?? Number.NaN;
  const spent = (measure: Measure) => sum(stages.map((stage) => spentIn(stage, measure)));
  const flops = spent("flops");
  const has = (value: (stage: StageSpan) => number) =>
    stages.some((stage) => Number.isFinite(value(stage)));
  const costOf = (seconds: number) => (price * ranks * seconds) / 3600;
  const isPriced = Number.isFinite(costOf(spent("seconds")));
  const hasNearZero = has(({ near_zero_share }) => near_zero_share);
  const columns: (Column<StageSpan> | false)[] = [
    { title: "stage", cell: ({ name }) => name, isText: true, total: "all" },
    { title: "parameters", cell: ({ parameters }) => known(parameters, count) },
    {
      title: "layers × hidden",
      cell: ({ shape }) => (shape ? `${shape.num_layers} × ${shape.hidden_size}` : NOTHING),
    },
    spending(stages, "steps", "step", (value) => value.toLocaleString("en")),
    spending(stages, "tokens", "tokens", count),
    spending(stages, "FLOPs", "flops", scientific),
    {
      title: "of all FLOPs",
      cell: (stage) => shareText(spentIn(stage, "flops") / flops),
    },
    spending(stages, "time", "seconds", duration),
    {
      title: "tokens/s",
      cell: (stage) => known(spentIn(stage, "tokens") / spentIn(stage, "seconds"), count),
      total: known(spent("tokens") / spent("seconds"), count),
    },
    isPriced && {
      title: "cost",
      cell: (stage) => money(costOf(spentIn(stage, "seconds"))),
      total: money(costOf(spent("seconds"))),
    },
    has(({ validation_loss }) => validation_loss) && {
      title: "validation loss",
      cell: ({ validation_loss }) => decimals(validation_loss, 4),
    },
    hasNearZero && {
      title: "near zero",
      cell: ({ near_zero_share }) => shareText(near_zero_share),
    },
  ];
  return html`<section>
    <h2>Stages</h2>
    ${table(
      "Stages",
      columns.filter((one) => one !== false),
      stages,
    )}
    <p class="note">
      Time is that of training steps; validation, checkpoints and growth come on
      top.${isPriced && ` Cost: ${price} a device hour, ${deviceText(ranks)}.`}${
        hasNearZero &&
        " Near zero: the share of weights below 2⁻¹⁴, the smallest normal number of fp16, at the stage’s end."
      }
    </p>
  </section>`;
}

/** What a stage took of a measure, and what all of them did. */
function spending(
  stages: readonly StageSpan[],
  title: string,
  measure: Measure,
  show: (value: number) => string,
): Column<StageSpan> {
  return {
    title,
    cell: (stage) => known(spentIn(stage, measure), show),
    total: known(sum(stages.map((stage) => spentIn(stage, measure))), show),
  };
}

function spentIn({ from, to }: StageSpan, measure: Measure): number {
  return to[measure] - from[measure];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function known(value: number, show: (value: number) => string): string {
  return Number.isFinite(value) ? show(value) : NOTHING;
}

function money(value: number): string {
  return value >= 1000 ? count(value) : decimals(value, value < 10 ? 4 : 2);
}

function deviceText(devices: number): string {
  return devices === 1 ? "one device" : `${devices} devices`;
}
