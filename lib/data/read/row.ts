import { FlmError } from "../../errors.ts";
import { printable } from "../../format.ts";

const LONE_SURROGATE = /\p{Surrogate}/u;

/** One record of a JSONL or Parquet file. */
export interface Row {
  readonly fields: Readonly<Record<string, unknown>>;
  /** The file and the line or row, for messages. */
  readonly where: string;
  /** Some of its bytes were not UTF-8 and became U+FFFD. */
  readonly repaired: boolean;
}

/** Whether there is something in a field: null is how Parquet, and many a writer of JSON, say that there is nothing. */
export function hasField({ fields }: Row, field: string): boolean {
  return Object.hasOwn(fields, field) && fields[field] !== null && fields[field] !== undefined;
}

/** The string in a field. @throws FlmError DATA_INVALID, naming the place, the field and what it holds */
export function stringField(row: Row, field: string, hint?: string): string {
  const value = Object.hasOwn(row.fields, field) ? row.fields[field] : undefined;
  if (typeof value === "string") return value;
  const own = `this row has the fields: ${fieldNames(row)}`;
  throw badField(row, field, value, "a string", hint ?? own);
}

/** The first fields that a row has, for messages. */
export function fieldNames({ fields }: Row): string {
  return printable(Object.keys(fields).slice(0, 8).join(", ")) || "none";
}

export function badField(
  { where }: Row,
  field: string,
  value: unknown,
  wanted: string,
  hint: string,
): FlmError {
  const problem = value === undefined ? "is missing" : `holds ${kindOf(value)}, not ${wanted}`;
  return new FlmError("DATA_INVALID", `${where}: field "${field}" ${problem}`, { hint });
}

/** True when UTF-8 cannot hold the text: half of a surrogate pair becomes U+FFFD. */
export function hasLoneSurrogate(text: string): boolean {
  return LONE_SURROGATE.test(text);
}

export function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
