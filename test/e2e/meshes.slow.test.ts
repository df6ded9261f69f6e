import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { describe as told, json, start, succeed } from "./support/cli.ts";
import { project, sharedProject, STEP_TOKENS } from "./support/project.ts";
import { events, latest, manifest, metrics, type Row } from "./support/run-files.ts";
import {
  expectDeathToLeaveNoTrace,
  isAlive,
  ranksOf,
  SPLIT,
  WHOLE,
  WORLD,
} from "./support/split-run.ts";
import { stepsDone, until } from "./support/watch.ts";

const DIE_SAVING = fileURLToPath(new URL("support/die-saving.mjs", import.meta.url));
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
});

describe("a run whose ranks die", () => {
  it("is resumed by the same command to the same bytes, in mid-ramp on another mesh", async () => {
    await expectDeathToLeaveNoTrace("row:11", split.run);
  });

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

describe("a rank that dies while a checkpoint is written behind the steps", () => {
  it("is what the others end for, and not that they cannot go on", async () => {
    const { directory, run } = project({
      ...SPLIT,
      stages: [{ ...SPLIT.stages![1]!, tokens: 8 * STEP_TOKENS, global_batch_size: 4 }],
      checkpoint: { interval_steps: 3, async: true },
    });
    const outcome = await start(["config.yaml"], {
      cwd: directory,
      env: { FLM_TEST_DIE: "1" },
      nodeOptions: ["--import", DIE_SAVING],
    }).outcome;
    expect(outcome.code, told(outcome)).toBe(75);
    expect(outcome.stderr).toContain("rank 1 ended with signal SIGKILL");
    expect(events(run, "failed")).toMatchObject([{ step: 3, code: "COMM_PEER_LOST" }]);
  });
});

describe("a signal to one rank", () => {
  it("stops all after the same step with a checkpoint", async () => {
    const stopped = project({ ...SPLIT, eval: { interval_steps: 1e6 } });
    const longer = ["config.yaml", "--set", "stages.1.tokens=1M", "--json"];
    const running = start(longer, { cwd: stopped.directory });
    await until(running, () => stepsDone(stopped.run) >= 10);
    process.kill(ranksOf(running)[3]!, "SIGTERM");
    const outcome = await running.outcome;
    expect(outcome.code, told(outcome)).toBe(75);
    const steps = stepsDone(stopped.run);
    expect(json(outcome)).toMatchObject({ status: "preempted", steps });
    expect(manifest(latest(stopped.run)).step).toBe(steps);
  });
});
