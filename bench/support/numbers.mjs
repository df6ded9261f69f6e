// What several benchmarks do with a run's rows and with numbers.
import { readFileSync } from "node:fs";

/** The rows of metrics.jsonl or events.jsonl. */
export function readRows(path) {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
