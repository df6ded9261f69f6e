import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { describe as told, json, type Running, start, succeed } from "./support/cli.ts";
import { expectSameRun } from "./support/killed-run.ts";
import { type Changes, project, sharedProject, SMALL, STEP_TOKENS } from "./support/project.ts";
import { events, latest, manifest, metrics, type Row } from "./support/run-files.ts";
import { stepsDone, until } from "./support/watch.ts";

const WORLD = 4;
const STAGE_TOKENS = 8 * STEP_TOKENS;
const SHAPES = [
  { ...SMALL, num_layers: 2, num_attention_heads: 2 },
  { num_layers: 4, hidden_size: 64, num_attention_heads: 4 },
  { num_layers: 4, hidden_size: 96, num_attention_heads: 6 },
];
const MESHES = [
  // Two of the four ranks wait.
  { tensor_parallel_size: 2, sequence_parallel: true },
  { pipeline_parallel_size: 2, data_parallel_size: 2, recompute: "selective" },
  { tensor_parallel_size: 2, pipeline_parallel_size: 2, virtual_pipeline_size: 2 },
] as const;

/** Three stages, each with a mesh of its own; checkpoints at 3, 6, 8 (boundary), 9, … */
const SPLIT: Changes = {
  growth: { depth: "stack", width: "mask", ramp_steps: 5 },
  stages: SHAPES.map((shape, i) => ({
    ...shape,
    micro_batch_size: 1,
    tokens: STAGE_TOKENS,
    parallel: MESHES[i],
  })),
  checkpoint: { interval_steps: 3, keep: 2 },
};
const WHOLE: Changes = {
  ...SPLIT,
  stages: SPLIT.stages!.map((stage) => ({ ...stage, parallel: {} })),
};

const PRELOAD = fileURLToPath(new URL("support/die-at.mjs", import.meta.url));

const split = sharedProject(SPLIT);

beforeAll(async () => {
  await succeed(["config.yaml"], { cwd: split.directory });
}, 120_000);

const numbers = (rows: Row[], key: string) => rows.map((row) => Number(row[key]));

function expectClose(got: number[], want: number[], tolerance: number): void {
  expect(got).toHaveLength(want.length);
  for (const [i, value] of want.entries())
    expect(Math.abs(got[i]! - value) / value, `step ${i + 1}`).toBeLessThan(tolerance);
}

/** Processes that the running command has started and that are still there. */
function ranksOf({ child }: Running): number[] {
  const list = `/proc/${child.pid}/task/${child.pid}/children`;
  return existsSync(list) ? readFileSync(list, "utf8").trim().split(" ").map(Number) : [];
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

describe("a run of several ranks", () => {
  it("takes the steps of a run of one", async () => {
    const whole = project(WHOLE);
    await succeed(["config.yaml"], { cwd: whole.directory });
    const [got, want] = [metrics(split.run), metrics(whole.run)];
    expectClose(numbers(got, "loss"), numbers(want, "loss"), 1e-4);
    expectClose(numbers(got, "grad_norm"), numbers(want, "grad_norm"), 5e-3);
    expect(numbers(got, "tokens")).toEqual(numbers(want, "tokens"));
    const validation = (run: string) => numbers(events(run, "validation"), "loss");
    expectClose(validation(split.run), validation(whole.run), 1e-4);
  });

  it("grows without changing what the model computes, from one mesh to another", () => {
    const growth = events(split.run, "growth");
    expect(growth).toHaveLength(2);
    for (const { loss_before, loss_after, preserving } of growth) {
      expect(preserving).toBe(true);
      expect(Math.abs(Number(loss_after) / Number(loss_before) - 1)).toBeLessThan(1e-5);
    }
  });

  it("stores whole tensors, which one rank reads", async () => {
    const { files, tensors } = manifest(latest(split.run));
    expect(files).toHaveLength(2); // one a pipeline rank
    expect(tensors.find(({ name }) => name === "embedding.weight")).toMatchObject({ cols: 96 });
    const outcome = await succeed(["generate", split.run, "--prompt", "a", "--max-tokens", "4"], {
      cwd: split.directory,
    });
    expect(outcome.stdout).not.toBe("");
  });

  it("repeats its bytes", async () => {
    const again = project(SPLIT);
    await succeed(["config.yaml"], { cwd: again.directory });
    expectSameRun(again.run, split.run);
  });
});

describe("a run whose ranks die", () => {
  it.each(["row:2", "save:2", "growth:1", "row:11", "torn:6"])(
    "is resumed by the same command to the same bytes: rank 0 at %s",
    async (moment) => {
      const killed = project(SPLIT);
      const outcome = await start(["config.yaml"], {
        cwd: killed.directory,
        env: { FLM_TEST_DIE: moment },
        nodeOptions: ["--import", PRELOAD],
      }).outcome;
      expect(outcome.code, told(outcome)).toBe(75);
      expect(outcome.stderr).toContain("rank 0 ended with signal SIGKILL");
      await succeed(["config.yaml"], { cwd: killed.directory });
      expectSameRun(killed.run, split.run);
    },
  );

  it("ends on all ranks when one is killed, and names it", async () => {
    const killed = project(SPLIT);
    const running = start(["config.yaml", "--set", "stages.1.tokens=1M"], {
      cwd: killed.directory,
    });
    await until(running, () => stepsDone(killed.run) >= 9);
    const ranks = ranksOf(running);
    expect(ranks).toHaveLength(WORLD);
    process.kill(ranks[2]!, "SIGKILL");
    const outcome = await running.outcome;
    expect(outcome.code, told(outcome)).toBe(75);
    expect(outcome.stderr).toContain("rank 2 ended with signal SIGKILL");
    expect(ranks.filter(isAlive)).toEqual([]);
  });
});

describe("a signal to one rank", () => {
  it.each([0, 3])("stops all after the same step with a checkpoint: rank %i", async (rank) => {
    const stopped = project({ ...SPLIT, eval: { interval_steps: 1e6 } });
    const longer = ["config.yaml", "--set", "stages.1.tokens=1M", "--json"];
    const running = start(longer, { cwd: stopped.directory });
    await until(running, () => stepsDone(stopped.run) >= 10);
    process.kill(ranksOf(running)[rank]!, "SIGTERM");
    const outcome = await running.outcome;
    expect(outcome.code, told(outcome)).toBe(75);
    const steps = stepsDone(stopped.run);
    expect(json(outcome)).toMatchObject({ status: "preempted", steps });
    expect(manifest(latest(stopped.run)).step).toBe(steps);
  });
});
