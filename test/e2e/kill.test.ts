import { beforeAll, describe, expect, it } from "vitest";
import {
  expectKillsToLeaveNoTrace,
  GROWING,
  leftovers,
  STEPS,
  train,
} from "./support/killed-run.ts";
import { project, sharedProject } from "./support/project.ts";
import { integers } from "./support/random.ts";
import { checkpoints } from "./support/run-files.ts";

const unbroken = sharedProject(GROWING);

beforeAll(async () => {
  expect(await train(unbroken, "count")).toMatchObject({ code: 0 });
}, 120_000);

describe("a run that is killed and started again by the same command", () => {
  it("ends with the same bytes after five kills at random steps", async () => {
    const steps = integers(7, 5, 1, STEPS).sort((a, b) => a - b);
    await expectKillsToLeaveNoTrace(
      steps.map((step) => `row:${step}`),
      GROWING,
      unbroken,
    );
  });

  it("ends with the same bytes after kills around a growth event", async () => {
    // Right after the first event, in mid-ramp before a checkpoint and in a half-written row behind it, and right after
    // the second event. kill.slow.test.ts tries every moment of writing.
    await expectKillsToLeaveNoTrace(
      ["growth:1", "row:11", "torn:13", "growth:2"],
      GROWING,
      unbroken,
    );
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
