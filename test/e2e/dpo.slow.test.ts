import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { succeed } from "./support/cli.ts";
import { expectFailure } from "./support/failures.ts";
import { train } from "./support/killed-run.ts";
import { preferenceProject } from "./support/preferences.ts";
import { SMALL, STEP_TOKENS } from "./support/project.ts";
import { events, latest, metrics, state } from "./support/run-files.ts";

const GROWN = {
  stages: [
    { ...SMALL, tokens: 12 * STEP_TOKENS },
    { num_layers: 3, hidden_size: 48, num_attention_heads: 3, tokens: 12 * STEP_TOKENS },
  ],
};

describe("tuning on preferences", () => {
  it("goes on while the model grows, against the reference that it began with", async () => {
    const { directory, run } = await preferenceProject(GROWN);
    await succeed(["config.yaml"], { cwd: directory });
    expect(events(run, "growth")).toHaveLength(1);
    const measured = events(run, "preference");
    expect(measured.at(-1)!.margin).toBeGreaterThan(Number(measured[0]!.margin));
    expect(measured.at(-1)).toMatchObject({ accuracy: 1 });
  });

  it("ends with the same bytes after a kill, without the model that it began with", async () => {
    const killed = await preferenceProject();
    expect(await train(killed, "row:14")).toMatchObject({ signal: "SIGKILL" });
    const unbroken = await preferenceProject();
    await succeed(["config.yaml"], { cwd: unbroken.directory });
    rmSync(killed.path("runs/base"), { recursive: true });
    await succeed(["config.yaml"], { cwd: killed.directory });
    // Where the model lies that it began with is part of what a run is.
    const bytes = (run: string) => ({ ...state(latest(run)), identity: null });
    expect(bytes(killed.run)).toEqual(bytes(unbroken.run));
  });

  it("leaves out the steps of pairs of which the reference says nothing finite", async () => {
    const stopped = await preferenceProject();
    const { directory, run, path } = stopped;
    expect(await train(stopped, "row:14")).toMatchObject({ signal: "SIGKILL" });
    const file = path("runs/tiny/reference.json");
    const reference = JSON.parse(readFileSync(file, "utf8")) as { log_probs: (number | null)[] };
    // Of the training pairs alone, which come first: a model that cannot be validated has diverged.
    for (let row = 0; row < 150; row += 14) reference.log_probs[row] = null;
    writeFileSync(file, JSON.stringify(reference));
    await succeed(["config.yaml"], { cwd: directory });
    const skipped = events(run, "skip");
    expect(skipped.length).toBeGreaterThan(0);
    for (const event of skipped)
      expect(event).toMatchObject({ reason: "non_finite", loss: null, action: "skip" });
    const counted = metrics(run).filter(({ skipped: isSkipped }) => !isSkipped);
    expect(counted).toHaveLength(24 - skipped.length);
    for (const { loss } of counted) expect(loss).toBeTypeOf("number");
  });

  it("is the same on two ranks that share the pairs", async () => {
    const alone = await preferenceProject();
    await succeed(["config.yaml"], { cwd: alone.directory });
    const shared = await preferenceProject();
    const args = ["--set", "stages.0.parallel.data_parallel_size=2"];
    await succeed(["config.yaml", ...args], { cwd: shared.directory });
    const [one, two] = [metrics(alone.run), metrics(shared.run)];
    for (const [i, { loss }] of one.entries()) expect(two[i]!.loss).toBeCloseTo(Number(loss), 4);
    expect(events(shared.run, "preference")).toHaveLength(4);
  });

  it("refuses batches that would split a pair", async () => {
    const { directory } = await preferenceProject();
    await expectFailure(
      [
        "config.yaml",
        "--set",
        "stages.0.global_batch_size=6",
        "--set",
        "stages.0.parallel.data_parallel_size=2",
      ],
      { cwd: directory },
      {
        exit: 64,
        code: "CONFIG_INVALID",
        says: ["global_batch_size", "whole pairs"],
        remedy: "multiple of 4",
      },
    );
  });
});
