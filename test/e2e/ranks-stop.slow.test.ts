import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe as group, expect, it } from "vitest";
import { batchesOf } from "./support/bad-run.ts";
import { describe, json, start, succeed } from "./support/cli.ts";
import { corpus } from "./support/corpus.ts";
import { expectSameRun } from "./support/killed-run.ts";
import { type Changes, project, sharedProject, STEP_TOKENS } from "./support/project.ts";
import { events, latest, manifest } from "./support/run-files.ts";
import { ranksOf, SPLIT } from "./support/split-run.ts";
import { until } from "./support/watch.ts";

const preload = (name: string) => [
  "--import",
  fileURLToPath(new URL(`support/${name}`, import.meta.url)),
];

/** Trains with rank 0 told to stop at `moment` (see stop-at.mjs), and with bad batches. */
async function stopped(changes: Changes, moment: string, bad = "") {
  const place = project(changes);
  const outcome = await start(["config.yaml"], {
    cwd: place.directory,
    env: { FLM_TEST_STOP: moment, FLM_TEST_BAD: bad },
    nodeOptions: [...preload("stop-at.mjs"), ...preload("bad-batches.mjs")],
  }).outcome;
  expect(outcome.code, describe(outcome)).toBe(75);
  return place;
}

const split = sharedProject(SPLIT);

beforeAll(async () => {
  await succeed(["config.yaml"], { cwd: split.directory });
}, 120_000);

// Two of four ranks wait in the first stage, whose last step is the 8th: they hear of a stop with a checkpoint.
group("several ranks that are told to stop", () => {
  it("at the end of a stage stop before the next", async () => {
    const { directory, run } = await stopped(SPLIT, "validation:8");
    expect(events(run, "growth")).toHaveLength(0);
    await succeed(["config.yaml"], { cwd: directory });
    expectSameRun(run, split.run);
  });

  it("in the middle of a validation leave it to the run that goes on", async () => {
    const { directory, run } = await stopped(SPLIT, "row:8");
    expect(events(run, "validation")).toHaveLength(0);
    expect(manifest(latest(run))).toMatchObject({ step: 8, evaluation_due: true });
    await succeed(["config.yaml"], { cwd: directory });
    expectSameRun(run, split.run);
  });

  it.each([
    ["two of them wait", SPLIT.stages!],
    ["all are at work", [{ ...SPLIT.stages![1]!, tokens: 8 * STEP_TOKENS, global_batch_size: 4 }]],
  ])("in a step that is made again, right behind a checkpoint: %s", async (_, stages) => {
    const changes = {
      ...SPLIT,
      stages,
      stability: { spike_action: "replace", spike_sigma: 6, spike_window: 8 },
    } satisfies Changes;
    const [batches] = await batchesOf(project(changes), 4);
    const { run } = await stopped(changes, "checkpoint:3", `${batches![3]}=nan`);
    expect(events(run, "skip")).toMatchObject([{ step: 4, action: "replace" }]);
    expect(events(run).at(-1)).toMatchObject({ type: "done", step: 3, status: "preempted" });
  });

  it.each([
    { told: 0, signal: "SIGTERM", code: 75 },
    { told: 1, signal: "SIGTERM", code: 75 },
    { told: 0, signal: "SIGINT", code: 130 },
  ] as const)(
    "while rank 0 prepares the data all end alike: $signal to rank $told",
    async ({ told, signal, code }) => {
      const { directory, path, write } = project({
        ...SPLIT,
        data: { sources: [{ path: "large.jsonl" }] },
      });
      // Distinct documents, enough of them for a while.
      write("large.jsonl", Array.from({ length: 200 }, (_, i) => corpus(80, i)).join(""));
      const running = start(["config.yaml", "--json"], { cwd: directory });
      const cache = path(".flm-cache");
      await until(running, () => existsSync(cache) && readdirSync(cache).length > 0);
      process.kill(ranksOf(running)[told]!, signal);
      const outcome = await running.outcome;
      expect(outcome.code, describe(outcome)).toBe(code);
      expect(json(outcome)).toMatchObject({ status: code === 75 ? "preempted" : "interrupted" });
      expect(outcome.stderr).not.toContain("error");
    },
  );
});
