import { beforeAll, describe, expect, it } from "vitest";
import { json } from "./support/cli.ts";
import { expectSameRun, GROWING, leftovers, STEPS, train } from "./support/killed-run.ts";
import { type Changes, project, sharedProject } from "./support/project.ts";
import { integers } from "./support/random.ts";
import { checkpoints } from "./support/run-files.ts";

const unbroken = sharedProject(GROWING);

beforeAll(async () => {
  expect(await train(unbroken, "count")).toMatchObject({ code: 0 });
}, 120_000);

/** Kills the run at each moment in turn, each time going on with the same command, then lets it end. */
async function expectKillsToLeaveNoTrace(
  moments: readonly string[],
  changes = GROWING,
  expected = unbroken,
) {
  const killed = project(changes);
  for (const moment of moments)
    expect(await train(killed, moment), moment).toMatchObject({ signal: "SIGKILL" });
  const end = await train(killed, "count");
  expect(json(end)).toMatchObject({ status: "done" });
  expectSameRun(killed.run, expected.run);
}

describe("a run that is killed and started again by the same command", () => {
  it("ends with the same bytes after five kills at random steps", async () => {
    const steps = integers(7, 5, 1, STEPS).sort((a, b) => a - b);
    await expectKillsToLeaveNoTrace(steps.map((step) => `row:${step}`));
  });

  it("ends with the same bytes after kills around a growth event", async () => {
    // Right after the first event, in mid-ramp before a checkpoint and in a half-written row behind it, and right after
    // the second event. kill.slow.test.ts tries every moment of writing.
    await expectKillsToLeaveNoTrace(["growth:1", "row:11", "torn:13", "growth:2"]);
  });

  it("ends with the same bytes in bf16, moments too, with BPE, several sources, micro-batches and recomputation", async () => {
    const [first, ...rest] = GROWING.stages!;
    const changes: Changes = {
      ...GROWING,
      precision: "bf16",
      model: { family: "flm", seq_length: 32 },
      tokenizer: { type: "bpe", vocab_size: 290 },
      data: {
        sources: [
          { path: "corpus.jsonl", weight: 1 },
          { path: "config.yaml", weight: 0.2, format: "text" },
        ],
        validation: { fraction: 0.1 },
      },
      optimizer: { state_precision: "bf16" },
      schedule: { type: "cosine", horizon: "stage" },
      stages: [
        { ...first!, micro_batch_size: 2, parallel: { recompute: "full" } },
        ...rest.map((stage) => ({ ...stage, seq_length: 48 })),
      ],
    };
    const expected = project(changes);
    expect(await train(expected, "count")).toMatchObject({ code: 0 });
    await expectKillsToLeaveNoTrace(["row:12"], changes, expected);
  });

  it("ends with the same bytes where checkpoints are written while training goes on", async () => {
    const changes = { ...GROWING, checkpoint: { ...GROWING.checkpoint, async: true } };
    await expectKillsToLeaveNoTrace(["row:5", "save:3", "growth:1", "row:20"], changes);
  });

  it("has no checkpoint of a save that was cut off, and forgets its files", async () => {
    const killed = project(GROWING);
    expect(await train(killed, "save:2")).toMatchObject({ signal: "SIGKILL" });
    expect(leftovers(killed.run)).toEqual(["tmp-step-00000006.e0001"]);
    expect(checkpoints(killed.run)).toEqual(["step-00000003.e0001"]);
    expect(await train(killed, "count")).toMatchObject({ code: 0 });
    expect(leftovers(killed.run)).toEqual([]);
    expect(checkpoints(killed.run)).toEqual(["step-00000021.e0002", "step-00000024.e0002"]);
  });
});
