import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, type Running } from "./cli.ts";

/** Another process tells nobody what it has written: looking is the only way to know. */
const POLL_MS = 5;

/** Waits until the running program has made `holds` true; fails when it ends before that. */
export async function until(running: Running, holds: () => boolean): Promise<void> {
  while (!holds()) {
    if (running.child.exitCode !== null || running.child.signalCode !== null)
      throw new Error(`it ended too early: ${describe(await running.outcome)}`);
    await setTimeout(POLL_MS);
  }
}

/** Whole rows in metrics.jsonl. */
export function stepsDone(run: string): number {
  const path = join(run, "metrics.jsonl");
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
}
