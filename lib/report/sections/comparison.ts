import type { RunFacts } from "../facts/run-facts.ts";
import { type Html, html } from "../draw/html.ts";
import { type Column, table } from "../draw/table.ts";
import { decimals, NOTHING, scientific } from "../draw/units.ts";
import { count, duration } from "../../format.ts";
import { parameterText, statusText } from "./headline.ts";
import { runStyle } from "./overlay.ts";

type Numbered = RunFacts & { number: number };

const BITS_PER_BYTE: Column<Numbered> = {
  title: "bits per byte",
  cell: ({ validations }) => decimals(validations.at(-1)?.bits_per_byte, 4),
};

const COLUMNS: readonly Column<Numbered>[] = [
  {
    title: "run",
    cell: ({ summary, number }) =>
      html`<span class="end-mark ${runStyle(number)}"></span>${summary.name}`,
    isText: true,
  },
  { title: "validation loss", cell: ({ summary }) => decimals(summary.validation_loss, 4) },
  BITS_PER_BYTE,
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
  const lengths = runs.flatMap(tokenLength);
  const columns = COLUMNS.filter((column) => column !== BITS_PER_BYTE || lengths.length > 0);
  return html`<section>
    <h2>Runs</h2>
    ${table("Runs", columns, numbered)}${lengthsNote(lengths)}
  </section>`;
}

/** Bytes of a token in a run's last validation; empty where there was none. */
function tokenLength({ validations }: RunFacts): number[] {
  const last = validations.at(-1);
  const length = last ? last.loss / Math.LN2 / last.bits_per_byte : Number.NaN;
  return Number.isFinite(length) ? [length] : [];
}

/** Other lengths than by rounding are of another tokenizer, or of other text. */
const ALIKE = 1.01;

/** A loss is that of a token: where tokens are longer it is higher, and the model need not be worse. */
function lengthsNote(lengths: readonly number[]): Html | null {
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  if (lengths.length === 0 || most <= ALIKE * least) return null;
  return html`<p class="note">
    A token of the validation text is ${decimals(least, 2)} bytes in one run and
    ${decimals(most, 2)} in another: losses do not compare between them, bits per byte do where the
    text is the same.
  </p>`;
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
