import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { describe as told, type Running, start, succeed } from "./cli.ts";
import { expectSameRun } from "./killed-run.ts";
import { type Changes, project, SMALL, STEP_TOKENS } from "./project.ts";

export const WORLD = 4;
const STAGE_TOKENS = 8 * STEP_TOKENS;
const SHAPES = [
  { ...SMALL, num_layers: 2, num_attention_heads: 2 },
  { num_layers: 4, hidden_size: 64, num_attention_heads: 4 },
  { num_layers: 4, hidden_size: 96, num_attention_heads: 6 },
];
const MESHES = [
  // Two of the four ranks wait.
  { tensor_parallel_size: 2, data_parallel_size: 1, sequence_parallel: true },
  { pipeline_parallel_size: 2, data_parallel_size: 2, recompute: "selective" },
  { tensor_parallel_size: 2, pipeline_parallel_size: 2, virtual_pipeline_size: 2 },
] as const;

/** Three stages, each with a mesh of its own; checkpoints at 3, 6, 8 (boundary), 9, … */
export const SPLIT: Changes = {
  growth: { depth: "stack", width: "mask", ramp_steps: 5 },
  stages: SHAPES.map((shape, i) => ({
    ...shape,
    micro_batch_size: 1,
    tokens: STAGE_TOKENS,
    parallel: MESHES[i],
  })),
  checkpoint: { interval_steps: 3, keep: 2 },
};
export const WHOLE: Changes = {
  ...SPLIT,
  stages: SPLIT.stages!.map((stage) => ({ ...stage, parallel: {} })),
};

const PRELOAD = fileURLToPath(new URL("die-at.mjs", import.meta.url));

/** Processes that the running command has started and that are still there. */
export function ranksOf({ child }: Running): number[] {
  const list = `/proc/${child.pid}/task/${child.pid}/children`;
  return existsSync(list) ? readFileSync(list, "utf8").trim().split(" ").map(Number) : [];
}

export const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

/** Rank 0 dies at `moment` (see die-at.mjs); the same command then goes on to the bytes of the unbroken run. */
export async function expectDeathToLeaveNoTrace(
  moment: string,
  unbroken: string,
  changes = SPLIT,
): Promise<void> {
  const killed = project(changes);
  const outcome = await start(["config.yaml"], {
    cwd: killed.directory,
    env: { FLM_TEST_DIE: moment },
    nodeOptions: ["--import", PRELOAD],
  }).outcome;
  expect(outcome.code, told(outcome)).toBe(75);
  expect(outcome.stderr).toContain("rank 0 ended with signal SIGKILL");
  await succeed(["config.yaml"], { cwd: killed.directory });
  expectSameRun(killed.run, unbroken);
}
