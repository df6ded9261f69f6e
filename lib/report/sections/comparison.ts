import type { RunFacts } from "../facts/run-facts.ts";
import { type Html, html } from "../draw/html.ts";
import { type Column, table } from "../draw/table.ts";
import { decimals, NOTHING, scientific } from "../draw/units.ts";
import { count, duration } from "../../format.ts";
import { parameterText, statusText } from "./headline.ts";
import { runStyle } from "./overlay.ts";

type Numbered = RunFacts & { number: number };

const COLUMNS: readonly Column<Numbered>[] = [
  {
    title: "run",
    cell: ({ summary, number }) =>
      html`<span class="end-mark ${runStyle(number)}"></span>${summary.name}`,
    isText: true,
  },
  { title: "validation loss", cell: ({ summary }) => decimals(summary.validation_loss, 4) },
  { title: "bigram", cell: ({ summary }) => decimals(summary.bigram_loss, 4) },
  {
    title: "training loss",
    cell: ({ smoothed }) => decimals(smoothed.findLast(Number.isFinite), 4),
  },
  { title: "parameters", cell: ({ summary }) => parameterText(summary) },
  { title: "steps", cell: ({ summary }) => summary.steps.toLocaleString("en") },
  { title: "tokens", cell: ({ summary }) => known(summary.tokens, count) },
  { title: "FLOPs", cell: ({ summary }) => scientific(summary.flops) },
  { title: "wall time", cell: ({ summary }) => known(summary.wall_seconds, duration) },
  { title: "tokens/s", cell: ({ summary }) => known(summary.tokens_per_second, count) },
  { title: "device", cell: ({ summary }) => summary.device ?? NOTHING, isText: true },
  { title: "precision", cell: ({ summary }) => summary.precision ?? NOTHING, isText: true },
  { title: "status", cell: ({ summary }) => statusText(summary), isText: true },
];

/** The headline numbers of all runs. */
export function comparison(runs: readonly RunFacts[]): Html {
  const numbered = runs.map((run, number) => ({ ...run, number }));
  return html`<section>
    <h2>Runs</h2>
    ${table("Runs", COLUMNS, numbered)}
  </section>`;
}

/** Keys of the configs that are not the same in all runs. */
export function differences(runs: readonly RunFacts[]): Html | null {
  const keys = [...new Set(runs.flatMap(({ config }) => [...config.values.keys()]))].filter(
    (key) => key !== "name" && new Set(runs.map(({ config }) => config.values.get(key))).size > 1,
  );
  if (keys.length === 0) return null;
  const columns: Column<string>[] = [
    { title: "key", cell: (key) => html`<code>${key}</code>`, isText: true },
    ...runs.map(({ summary, config }): Column<string> => ({
      title: summary.name,
      cell: (key) => config.values.get(key) ?? NOTHING,
      isText: true,
    })),
  ];
  return html`<section>
    <h2>Where the configurations differ</h2>
    ${table("Differences of the configurations", columns, keys)}
  </section>`;
}

function known(value: number | null, show: (value: number) => string): string {
  return value === null ? NOTHING : show(value);
}
