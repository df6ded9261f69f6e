import { badField, hasField, type Row, stringField } from "./row.ts";
import type { DraftPart } from "./samples.ts";

/**
 * FreeLM's teacher sample: a text, a proposition about it, and a label that says whether the proposition is true.
 * Nothing but the label is supervised. The text may be missing: some propositions are about no text.
 */
export function proposition(row: Row, field: string): DraftPart[] {
  const text = hasField(row, field) ? stringField(row, field) : "";
  const claim = stringField(row, "proposition");
  const question = text === "" ? `${claim}\n` : `${text}\n${claim}\n`;
  return [{ text: question, supervised: false, special: null }, labelOf(row)];
}

/** One of two special tokens for true and false; a text, such as two emoji of the vocabulary, as it is. */
function labelOf(row: Row): DraftPart {
  const { label } = row.fields;
  const value = typeof label === "bigint" ? Number(label) : label;
  if (typeof value === "string" && value !== "")
    return { text: value, supervised: true, special: null };
  if (value === true || value === 1) return { text: "", supervised: true, special: "true" };
  if (value === false || value === 0) return { text: "", supervised: true, special: "false" };
  throw badField(
    row,
    "label",
    label,
    "true, false, 1, 0 or a text",
    "true means that the proposition holds for the text",
  );
}
