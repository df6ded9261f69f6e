import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "../../../lib/checkpoint/manifest.ts";

export type Row = Record<string, unknown>;

export function rows(path: string): Row[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
}

/** Rows of events.jsonl, all or of one type. */
export function events(run: string, type?: string): Row[] {
  return rows(join(run, "events.jsonl")).filter((row) => type === undefined || row.type === type);
}

const TIMES = new Set([
  "time",
  "step_ms",
  "tokens_per_second",
  "tflops",
  "mfu",
  "load_seconds",
  "seconds",
  "path",
]);

/** metrics.jsonl, but for what depends on the clock. */
export function metrics(run: string): Row[] {
  return rows(join(run, "metrics.jsonl")).map(withoutTimes);
}

export function withoutTimes(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([key]) => !TIMES.has(key)));
}

/** Names of the committed checkpoints, in order of steps. */
export function checkpoints(run: string): string[] {
  return readdirSync(join(run, "checkpoints"))
    .filter((name) => name.startsWith("step-"))
    .sort();
}

export function latest(run: string): string {
  return join(run, "checkpoints", readFileSync(join(run, "checkpoints", "LATEST"), "utf8").trim());
}

export function manifest(checkpoint: string): Manifest {
  const text = readFileSync(join(checkpoint, "manifest.json"), "utf8");
  const { sha256: _, ...facts } = JSON.parse(text) as Manifest & { sha256: string };
  return facts;
}

/**
 * All that a checkpoint says about the training: hashes of its shards' bytes (weights and both moments) and the
 * manifest, but for when, where and in which attempt it was written, and how often the run was resumed before.
 */
export function state(checkpoint: string): object {
  const {
    created: _created,
    epoch: _epoch,
    parent: _parent,
    events_rows: _events_rows,
    ...facts
  } = manifest(checkpoint);
  const shards = facts.files.map(({ name }) => {
    const bytes = readFileSync(join(checkpoint, name));
    return [name, bytes.length, createHash("sha256").update(bytes).digest("hex")];
  });
  const identity = Object.entries(facts.identity).filter(([key]) => !key.includes(".path."));
  return { ...facts, identity, shards };
}
