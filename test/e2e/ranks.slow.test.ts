import { beforeAll, describe, it } from "vitest";
import { succeed } from "./support/cli.ts";
import { expectSameRun } from "./support/killed-run.ts";
import { project, sharedProject } from "./support/project.ts";
import { expectDeathToLeaveNoTrace, SPLIT } from "./support/split-run.ts";

const split = sharedProject(SPLIT);

beforeAll(async () => {
  await succeed(["config.yaml"], { cwd: split.directory });
}, 120_000);

describe("a run of several ranks", () => {
  it("repeats its bytes", async () => {
    const again = project(SPLIT);
    await succeed(["config.yaml"], { cwd: again.directory });
    expectSameRun(again.run, split.run);
  });

  it.each(["row:2", "save:2", "growth:1", "row:9", "torn:6", "growth:2"])(
    "leaves no trace of a death of rank 0 at %s",
    (moment) => expectDeathToLeaveNoTrace(moment, split.run),
  );

  it.each(["save:3", "row:21"])(
    "leaves no trace of a death of rank 0 at %s, where checkpoints are written while training goes on",
    (moment) => {
      const changes = { ...SPLIT, checkpoint: { ...SPLIT.checkpoint, async: true } };
      return expectDeathToLeaveNoTrace(moment, split.run, changes);
    },
  );
});
