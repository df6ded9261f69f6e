import { randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import {
  describe as show,
  type Outcome,
  type Running,
  start,
  startProgram,
  succeed,
} from "../e2e/support/cli.ts";
import { expectSameRun } from "../e2e/support/killed-run.ts";
import { type Changes, project, sharedProject, STEP_TOKENS } from "../e2e/support/project.ts";
import { randomFrom } from "../e2e/support/random.ts";
import { checkpoints } from "../e2e/support/run-files.ts";
import { stepsDone, until } from "../e2e/support/watch.ts";
import { Hold } from "./support/hold.ts";
import { whyNoProcessNamespace } from "./support/process-namespace.ts";
import { childrenOf, Traces } from "./support/traces.ts";
import { ENDLESS, MAIN, MESHED, WORLD } from "./support/training.ts";

const local = sharedProject(MESHED);

beforeAll(async () => {
  await succeed(["config.yaml"], { cwd: local.directory });
}, 120_000);

/** The ranks of a run that the local launcher has started, with all that they hold. */
function tracesOf({ child }: Running, world = WORLD): Traces {
  const traces = new Traces(childrenOf(child.pid!));
  expect(traces.processes).toHaveLength(world);
  expect(traces.memory.size).toBeGreaterThan(0);
  return traces;
}

/** All ranks have ended, some of them have said who is lost, and the user is told to try again. */
function expectLost(outcome: Outcome, rank: number, traces: Traces): void {
  expect(outcome.code, show(outcome)).toBe(75);
  expect(outcome.stderr).toMatch(new RegExp(`lost rank ${rank}\\b`));
  expect(traces.left()).toEqual([]);
}

describe("a rank that stands still", () => {
  it.each([0, 2])("is named, and the others end: rank %i", async (rank) => {
    const { directory, run } = project(MESHED);
    const running = start(["config.yaml", ...ENDLESS], { cwd: directory });
    await until(running, () => stepsDone(run) >= 9);
    const traces = tracesOf(running);
    process.kill(traces.processes[rank]!, "SIGSTOP");
    const outcome = await running.outcome;
    expectLost(outcome, rank, traces);
    expect(outcome.stderr).toMatch(new RegExp(`lost rank ${rank} \\(.+\\): nothing heard for 5 s`));
  });
});

describe("a rank that lives but does not get on", () => {
  it("is named by those that wait for it, when their time is up", async () => {
    const { directory, run } = project(MESHED);
    const hold = new Hold("row:11");
    // Two ranks: of more, one may wait for another that waits for the first.
    const sets = ["distributed.timeout_seconds=8", "stages.1.parallel={ data_parallel_size: 2 }"];
    sets.push("stages.0.parallel={ data_parallel_size: 2 }");
    const args = ["config.yaml", ...sets.flatMap((set) => ["--set", set])];
    const running = start(args, { cwd: directory, ...hold });
    await hold.reached(running);
    const traces = tracesOf(running, 2);
    const outcome = await running.outcome;
    expect(outcome.code, show(outcome)).toBe(75);
    expect(outcome.stderr).toMatch(/waited 8 s in .+ for rank 0/);
    expect(traces.left()).toEqual([]);
    expect(stepsDone(run)).toBe(11);
  });
});

describe("a rank that is killed", () => {
  // Rank 0 is held: the ranks that share its rows wait for it in the first product of the next step, the others at the
  // sum of the gradients, and all of them at the start of a checkpoint.
  it.each([
    ["in forward", "row:11", 1],
    ["in the reduction of the gradients", "row:11", 2],
    ["in a save", "save:3", 3],
  ])("ends all %s, and the run goes on to the same bytes", async (_, moment, rank) => {
    const killed = project(MESHED);
    const hold = new Hold(moment);
    const running = start(["config.yaml"], { cwd: killed.directory, ...hold });
    await hold.reached(running);
    const traces = tracesOf(running);
    process.kill(traces.processes[rank]!, "SIGKILL");
    hold.goOn();
    const outcome = await running.outcome;
    expectLost(outcome, rank, traces);
    expect(outcome.stderr).toContain(`rank ${rank} ended with signal SIGKILL`);
    await succeed(["config.yaml"], { cwd: killed.directory });
    expectSameRun(killed.run, local.run);
  });

  it("ends all at random moments, again and again, and the run goes on to the same bytes", async () => {
    const text = process.env.FLM_TEST_SEED ?? "1";
    const seed = text === "random" ? randomInt(1e9) : Number(text);
    process.stderr.write(`seed ${seed}: FLM_TEST_SEED=${seed} repeats these kills\n`);
    const random = randomFrom(seed);
    const [first, second] = MESHED.stages!;
    const longer: Changes = {
      ...MESHED,
      stages: [first!, { ...second!, tokens: 200 * STEP_TOKENS }],
      checkpoint: { interval_steps: 10, keep: 2 },
    };
    const [killed, whole] = [project(longer), project(longer)];
    await succeed(["config.yaml"], { cwd: whole.directory });
    for (const row of [3, 7, 20, 45, 70, 95, 120, 145]) {
      const rank = Math.floor(random() * WORLD);
      const hold = new Hold(`row:${row}`);
      const running = start(["config.yaml"], { cwd: killed.directory, ...hold });
      await hold.reached(running);
      const traces = tracesOf(running);
      hold.goOn();
      await setTimeout(random() * 40); // a step or two
      process.kill(traces.processes[rank]!, "SIGKILL");
      expectLost(await running.outcome, rank, traces);
    }
    await succeed(["config.yaml"], { cwd: killed.directory });
    expectSameRun(killed.run, whole.run);
  });
});

const reason = whyNoProcessNamespace();
if (reason) process.stderr.write(`skipped, a machine that is cut off: ${reason}\n`);

describe.skipIf(reason !== null)("a machine that is cut off", () => {
  it("cannot commit when it comes back after another one has taken the run over", async () => {
    const shared = project(MESHED);
    const hold = new Hold("row:11");
    const zombie = start(["config.yaml"], { cwd: shared.directory, ...hold });
    await hold.reached(zombie);
    const ranks = childrenOf(zombie.child.pid!);
    const processes = [zombie.child.pid!, ...ranks];
    for (const pid of processes) process.kill(pid, "SIGSTOP");
    // Other processes are not seen from there, as from another machine: the lock is that of nobody.
    const elsewhere = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
    const again = [...elsewhere, process.execPath, MAIN, "config.yaml"];
    const second = await startProgram(again, { cwd: shared.directory }).outcome;
    expect(second.code, show(second)).toBe(0);
    for (const pid of processes) process.kill(pid, "SIGCONT");
    hold.goOn();
    const first = await zombie.outcome;
    expect(first.code, show(first)).toBe(78);
    expect(first.stderr).toContain("epoch 2 has started there, this is epoch 1");
    expectSameRun(shared.run, local.run);
    for (const name of checkpoints(shared.run)) expect(name).toMatch(/\.e0002$/);
  });
});
