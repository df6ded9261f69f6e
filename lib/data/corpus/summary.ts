import { readFileSync } from "node:fs";
import { replaceDurably } from "./durable.ts";

/** What is known about a tokenized corpus beside its token files; summary.json in its directory. */
export interface Summary {
  readonly fingerprint: string;
  readonly duplicate_documents: number;
  /** Rows, and damaged files, left out by `data.on_bad_row`. */
  readonly bad_rows: number;
  readonly bytes_per_token: number;
  readonly source_bytes_per_token: readonly number[];
  readonly bigram_loss: number | null;
  readonly warnings: readonly string[];
}

const FIELDS: Readonly<Record<keyof Summary, (value: unknown) => boolean>> = {
  fingerprint: (value) => typeof value === "string",
  duplicate_documents: Number.isSafeInteger,
  bad_rows: Number.isSafeInteger,
  bytes_per_token: Number.isFinite,
  source_bytes_per_token: (value) => Array.isArray(value) && value.every(Number.isFinite),
  bigram_loss: (value) => value === null || Number.isFinite(value),
  warnings: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
};

export function writeSummary(path: string, summary: Summary): void {
  replaceDurably(path, `${JSON.stringify(summary, null, 1)}\n`);
}

/** Null when the file does not hold a summary. @throws Node's error when it cannot be read */
export function readSummary(path: string): Summary | null {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (typeof value !== "object" || value === null) return null;
  const record = value as Record<string, unknown>;
  const isWhole = Object.entries(FIELDS).every(([field, holds]) => holds(record[field]));
  return isWhole ? (value as Summary) : null;
}
