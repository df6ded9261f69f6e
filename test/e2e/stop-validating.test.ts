import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { describe as told, flm, succeed } from "./support/cli.ts";
import { corpus } from "./support/corpus.ts";
import { expectSameRun } from "./support/killed-run.ts";
import { preferenceProject } from "./support/preferences.ts";
import { type Changes, type Project, project, SMALL, STEP_TOKENS } from "./support/project.ts";
import { events, latest, manifest, withoutTimes } from "./support/run-files.ts";

const STOP = fileURLToPath(new URL("support/stop-at.mjs", import.meta.url));

/** Validation makes scores of calls of the engine, and moves the shares of the sources. */
const LONG: Changes = {
  growth: { depth: "stack", width: "mask", ramp_steps: 3 },
  data: {
    sources: [
      { name: "one", path: "corpus.jsonl", reference_loss: 2 },
      { name: "two", path: "other.jsonl", reference_loss: 5 },
    ],
    validation: { fraction: 0.25 },
    mixing: "dynamic",
  },
  stages: [
    { ...SMALL, micro_batch_size: 1, tokens: 6 * STEP_TOKENS },
    { ...SMALL, micro_batch_size: 1, num_layers: 3, tokens: 6 * STEP_TOKENS },
  ],
  eval: { interval_steps: 4 },
};

function long(): Project {
  const made = project(LONG);
  made.write("other.jsonl", corpus(80, 2));
  return made;
}

/** Trains until a stop right after `moment` (see stop-at.mjs) has cut the validation of that step short. */
async function stopValidating({ directory, run }: Project, moment: string): Promise<void> {
  const nodeOptions = ["--import", STOP];
  const env = { FLM_TEST_STOP: moment };
  const outcome = await flm(["config.yaml"], { cwd: directory, env, nodeOptions });
  expect(outcome.code, told(outcome)).toBe(75);
  const step = Number(moment.split(":")[1]);
  const { validation, evaluation_due } = manifest(latest(run));
  expect(evaluation_due).toBe(true);
  expect(validation?.step).not.toBe(step);
  expect(events(run).at(-1)).toMatchObject({ type: "done", step, status: "preempted" });
}

describe("a stop in the middle of a validation", () => {
  it("ends it, and the run that goes on makes it first, also at the end of a stage", async () => {
    const [unbroken, stopped] = [long(), long()];
    await succeed(["config.yaml"], { cwd: unbroken.directory });
    // The one at step 6 is stopped twice.
    for (const moment of ["row:4", "row:6", "resume:6", "row:12"])
      await stopValidating(stopped, moment);
    await succeed(["config.yaml"], { cwd: stopped.directory });
    expectSameRun(stopped.run, unbroken.run);
    const steps = (run: string) => events(run, "validation").map(({ step }) => step);
    expect(steps(unbroken.run)).toEqual([4, 6, 8, 12]);
    expect(steps(stopped.run)).toEqual(steps(unbroken.run));
  });

  it("ends that of preferences too", async () => {
    const stopped = await preferenceProject({
      data: {
        sources: [{ path: "pairs.jsonl", type: "conversation" }],
        validation: { fraction: 0.5 },
      },
      stages: [{ ...SMALL, micro_batch_size: 1, tokens: 16 * STEP_TOKENS }],
    });
    const { directory, run, path } = stopped;
    await succeed(["config.yaml", "--out", "unbroken"], { cwd: directory });
    await stopValidating(stopped, "row:12");
    await succeed(["config.yaml"], { cwd: directory });
    expectSameRun(run, path("unbroken"));
    const preferences = (at: string) => events(at, "preference").map(withoutTimes);
    expect(preferences(run)).toEqual(preferences(path("unbroken")));
  });
});
