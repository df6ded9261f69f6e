import { describe, expect, it } from "vitest";
import { flm, json, succeed } from "./support/cli.ts";
import { expectFailure } from "./support/failures.ts";
import { project, SMALL, STEP_TOKENS } from "./support/project.ts";
import { checkpoints, events } from "./support/run-files.ts";

const DIVERGED = { exit: 70, code: "DIVERGED" } as const;

describe("a run that diverges never ends as done", () => {
  it("when steps in a row have no finite gradient, and its checkpoint stays", async () => {
    const { directory, run } = project({
      stages: [{ ...SMALL, tokens: 40 * STEP_TOKENS, warmup_steps: 0 }],
      checkpoint: { interval_steps: 2 },
    });
    await expectFailure(
      ["config.yaml", "--set", "optimizer.lr=1e6"],
      { cwd: directory },
      { ...DIVERGED, says: ["10 steps in a row", "not finite"], remedy: "lower optimizer.lr" },
    );
    expect(events(run, "skip")).toHaveLength(10);
    expect(checkpoints(run).length).toBeGreaterThan(0);
    expect(events(run, "done")).toEqual([]);
  });

  it("when the first such step ends it, as skip_non_finite: false asks", async () => {
    const { directory, run } = project({ stability: { skip_non_finite: false } });
    await expectFailure(
      ["config.yaml", "--set", "optimizer.lr=1e6"],
      { cwd: directory },
      { ...DIVERGED, says: [/step \d+ had gradients that are not finite/], remedy: "warmup_steps" },
    );
    expect(events(run, "skip")).toHaveLength(1);
  });

  it("when it is too short for that, and its last loss is not finite", async () => {
    const { directory, run } = project();
    const args = ["config.yaml", "--set", "optimizer.lr=1e6"];
    const says = ["the training loss is no finite number"];
    for (const _attempt of [1, 2])
      await expectFailure(args, { cwd: directory }, { ...DIVERGED, says, remedy: "--fresh" });
    expect(events(run, "done")).toEqual([]);
  });

  it("when its loss is finite, but far above guessing", async () => {
    const { directory } = project();
    await expectFailure(
      ["config.yaml", "--set", "optimizer.lr=10"],
      { cwd: directory },
      { ...DIVERGED, says: [/the training loss is \d+/, "guessing among 257"], remedy: "--fresh" },
    );
  });

  it("before it grows into the next stage", async () => {
    const next = { ...SMALL, num_layers: 3 };
    const { directory, run } = project({ stages: [SMALL, next] });
    const outcome = await flm(["config.yaml", "--json", "--set", "optimizer.lr=10"], {
      cwd: directory,
    });
    expect(json(outcome)).toMatchObject({ code: "DIVERGED", exit_code: 70 });
    expect(events(run, "growth")).toEqual([]);
  });
});

it("a run that learns nothing has not diverged", async () => {
  const { directory } = project({ optimizer: { lr: 1e-9, min_lr: 0 } });
  const outcome = await succeed(["config.yaml", "--json"], { cwd: directory });
  expect(json(outcome)).toMatchObject({ status: "done" });
});
