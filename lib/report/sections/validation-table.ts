import { evenly } from "../facts/curve.ts";
import type { RunFacts, Validation } from "../facts/run-facts.ts";
import { type Html, html } from "../draw/html.ts";
import { type Column, table } from "../draw/table.ts";
import { decimals, scientific } from "../draw/units.ts";
import { count } from "../../format.ts";

/** Rows that are shown of a long run: evenly spread, with the first and the last. */
const MOST_ROWS = 25;

const COLUMNS: readonly Column<Validation>[] = [
  { title: "step", cell: ({ step }) => step.toLocaleString("en") },
  { title: "tokens", cell: ({ tokens }) => count(tokens) },
  { title: "FLOPs", cell: ({ flops }) => scientific(flops) },
  { title: "loss", cell: ({ loss }) => decimals(loss, 4) },
  { title: "perplexity", cell: ({ perplexity }) => decimals(perplexity, 2) },
  { title: "bits per byte", cell: ({ bits_per_byte }) => decimals(bits_per_byte, 4) },
];

export function validationTable({ validations }: RunFacts): Html | null {
  if (validations.length === 0) return null;
  const rows = evenly(validations, MOST_ROWS);
  return html`<section>
    <h2>Validation</h2>
    ${table("Validation", COLUMNS, rows)}${
      rows.length < validations.length &&
      html`<p class="note">${rows.length} of ${validations.length} validations.</p>`
    }
  </section>`;
}
