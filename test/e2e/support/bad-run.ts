import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { flm, type Outcome, succeed } from "./cli.ts";
import { type Changes, type Project, SMALL, STEP_TOKENS } from "./project.ts";

const PRELOADS = ["bad-batches.mjs", "die-at.mjs"].flatMap((name) => [
  "--import",
  fileURLToPath(new URL(name, import.meta.url)),
]);

/** What is wrong with a batch, see bad-batches.mjs. */
export type Fault = "nan" | "loss" | "gradient";

/** 24 steps of which the limits are known from the third on; checkpoints at 4, 8, 12, … */
export const WATCHED: Changes = {
  stages: [{ ...SMALL, tokens: 24 * STEP_TOKENS }],
  stability: { spike_sigma: 6, spike_window: 8, rollback_margin_steps: 3 },
};

export function watched(stability: Changes["stability"]): Changes {
  return { ...WATCHED, stability: { ...WATCHED.stability, ...stability } };
}

/** The names of the batches that each rank of a run trains on, in order. */
export async function batchesOf({ directory, path }: Project, ranks = 1): Promise<string[][]> {
  const log = path("batches");
  await succeed(["config.yaml"], {
    cwd: directory,
    env: { FLM_TEST_BATCHES: log },
    nodeOptions: PRELOADS,
  });
  return Array.from({ length: ranks }, (_, rank) =>
    existsSync(`${log}.${rank}`)
      ? readFileSync(`${log}.${rank}`, "utf8").trimEnd().split("\n")
      : [],
  );
}

/** Trains while some batches are bad; dies at `moment` (see die-at.mjs) where the run gets there. */
export function trainBad(
  { directory }: Project,
  faults: Readonly<Record<string, Fault>>,
  moment = "never",
): Promise<Outcome> {
  const bad = Object.entries(faults).map(([batch, fault]) => `${batch}=${fault}`);
  return flm(["config.yaml", "--json"], {
    cwd: directory,
    env: { FLM_TEST_BAD: bad.join(","), FLM_TEST_DIE: moment },
    nodeOptions: PRELOADS,
  });
}

/** Faults by the step whose batch has them, of steps counted from 1. */
export function faultsAt(
  batches: readonly string[],
  faults: Readonly<Record<number, Fault>>,
): Record<string, Fault> {
  return Object.fromEntries(
    Object.entries(faults).map(([step, fault]) => [batches[Number(step) - 1]!, fault]),
  );
}
