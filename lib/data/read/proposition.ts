import { badField, type Row, stringField } from "./row.ts";
import type { DraftPart } from "./samples.ts";

const NAMES = ["true", "false"] as const;

/**
 * FreeLM's teacher sample: a text, a proposition about it, and whether that is true. Nothing but the label is
 * supervised. The text may be missing: some propositions are about no text.
 *
 * @param labels texts of true and false; null for the two special tokens
 */
export function proposition(
  row: Row,
  field: string,
  labels: readonly string[] | null,
): DraftPart[] {
  const text = Object.hasOwn(row.fields, field) ? stringField(row, field) : "";
  const claim = stringField(row, "proposition");
  const label = labelOf(row) ? 0 : 1;
  const question = text === "" ? `${claim}\n` : `${text}\n${claim}\n`;
  return [
    { text: question, supervised: false, special: null },
    {
      text: labels?.[label] ?? "",
      supervised: true,
      special: labels === null ? NAMES[label] : null,
    },
  ];
}

function labelOf(row: Row): boolean {
  const { label } = row.fields;
  const value = typeof label === "bigint" ? Number(label) : label;
  if (value === true || value === 1) return true;
  if (value === false || value === 0) return false;
  throw badField(
    row,
    "label",
    label,
    "true, false, 1 or 0",
    "true means that the proposition holds for the text",
  );
}
