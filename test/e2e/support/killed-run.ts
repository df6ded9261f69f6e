import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { expect } from "vitest";
import { flm, json, type Outcome } from "./cli.ts";
import { type Changes, type Project, project, SMALL, STEP_TOKENS } from "./project.ts";
import { events, latest, metrics, state, withoutTimes } from "./run-files.ts";

const PRELOAD = fileURLToPath(new URL("die-at.mjs", import.meta.url));

/** Two growth events in 24 steps, each with a ramp; checkpoints at 3, 6, 8 (boundary), 9, 12, 15, 16 (boundary), … */
export const GROWING: Changes = {
  growth: { depth: "stack", width: "mask", ramp_steps: 5 },
  stages: [
    { ...SMALL, tokens: 8 * STEP_TOKENS },
    {
      num_layers: 3,
      hidden_size: 48,
      num_attention_heads: 3,
      tokens: 8 * STEP_TOKENS,
      warmup_steps: 2,
    },
    { num_layers: 4, hidden_size: 64, num_attention_heads: 4, tokens: 8 * STEP_TOKENS },
  ],
  checkpoint: { interval_steps: 3, keep: 2 },
};

export const STEPS = 24;

/** Trains as a user does, and dies at `moment` (see die-at.mjs) where the run gets there. */
export function train({ directory }: Project, moment: string): Promise<Outcome> {
  return flm(["config.yaml", "--json"], {
    cwd: directory,
    env: { FLM_TEST_DIE: moment },
    nodeOptions: ["--import", PRELOAD],
  });
}

/** Kills the run at each moment in turn, each time going on with the same command, then lets it end. */
export async function expectKillsToLeaveNoTrace(
  moments: readonly string[],
  changes: Changes,
  unbroken: Project,
): Promise<void> {
  const killed = project(changes);
  for (const moment of moments)
    expect(await train(killed, moment), moment).toMatchObject({ signal: "SIGKILL" });
  const end = await train(killed, "count");
  expect(json(end)).toMatchObject({ status: "done" });
  expectSameRun(killed.run, unbroken.run);
}

/** What is left of checkpoints that were being written, or deleted. */
export function leftovers(run: string): string[] {
  return readdirSync(join(run, "checkpoints")).filter((name) => /^(tmp|old)-/.test(name));
}

/** Equal weights, moments, position and history, and every row once, as if nothing had happened. */
export function expectSameRun(run: string, unbroken: string): void {
  expect(state(latest(run))).toEqual(state(latest(unbroken)));
  expect(leftovers(run)).toEqual([]);
  expect(metrics(run)).toEqual(metrics(unbroken));
  for (const type of ["growth", "baseline"])
    expect(events(run, type).map(withoutTimes)).toEqual(events(unbroken, type).map(withoutTimes));
  // A run that dies between its last save and its end measures once more when it is resumed.
  expect(distinct(events(run, "validation"))).toEqual(distinct(events(unbroken, "validation")));
}

function distinct(rows: Record<string, unknown>[]): string[] {
  return [...new Set(rows.map((row) => JSON.stringify(withoutTimes(row))))];
}
