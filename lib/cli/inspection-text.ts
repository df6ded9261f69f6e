import type { DataInspection, Segment } from "../data/inspect.ts";
import { count, counted, printable } from "../format.ts";
import { textTable } from "./text-table.ts";

/** What `flm-train data inspect` prints. */
export function inspectionText({ sources, batch, rows, ...rest }: DataInspection): string {
  const table = textTable([
    ["source", "type", "documents", "tokens", "supervised", "held out", "share", "epochs", "batch"],
    ...sources.map((source, i) => [
      `${source.name} ${source.path.join(" ")}`,
      source.type,
      count(source.documents),
      count(source.tokens),
      count(source.supervised_tokens),
      count(source.validation_tokens),
      percent(source.share),
      source.epochs.toPrecision(2),
      percent(batch.source_shares[i]!),
    ]),
  ]);
  const facts = [
    `exact copies of other documents, left out: ${count(rest.duplicate_documents)}`,
    `first batch: ${counted(batch.rows, "row")} of ${batch.seq_length} inputs, ${percent(batch.padding_share)} padding, ` +
      `${percent(batch.target_share)} of the rest have a target`,
    ...rest.warnings.map((warning) => `warning: ${warning}`),
  ];
  const decoded = rows.map((segments, row) =>
    [`row ${row}; what is only read stands in ⟦ ⟧`, ...segments.map(segmentText)].join("\n"),
  );
  return printable(`${[table, facts.join("\n"), ...decoded].join("\n\n")}\n`);
}

function segmentText({ source, inputs, parts }: Segment): string {
  const text = parts.map((part) => (part.supervised ? part.text : `⟦${part.text}⟧`)).join("");
  const indented = text.replaceAll("⟧⟦", "").replaceAll("\n", "\n  ");
  return `- source ${source}, ${inputs} inputs\n  ${indented}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
