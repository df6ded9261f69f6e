import { beforeAll, describe, expect, it } from "vitest";
import { describe as show } from "./support/cli.ts";
import { expectSameRun, GROWING, train } from "./support/killed-run.ts";
import { project, sharedProject } from "./support/project.ts";
import { integers } from "./support/random.ts";

const MOMENTS = 20;

const unbroken = sharedProject(GROWING);
/** Calls that change the file system in an unbroken run. */
let operations = 0;

beforeAll(async () => {
  const outcome = await train(unbroken, "count");
  operations = Number(/^operations (\d+)$/m.exec(outcome.stderr)?.[1]);
  if (!(operations > MOMENTS)) throw new Error(show(outcome));
}, 120_000);

describe("a run that is killed before any change to the file system", () => {
  it.each(integers(11, MOMENTS, 0, 1e6))("is resumed to the same bytes (%i)", async (number) => {
    const moment = `operation:${1 + (number % operations)}`;
    const killed = project(GROWING);
    expect(await train(killed, moment), moment).toMatchObject({ signal: "SIGKILL" });
    expect(await train(killed, "count"), moment).toMatchObject({ code: 0 });
    expectSameRun(killed.run, unbroken.run);
  });

  it(`is resumed to the same bytes after ${MOMENTS} kills`, async () => {
    const killed = project(GROWING);
    const perLife = Math.ceil(operations / 8);
    for (const operation of integers(13, MOMENTS, 1, perLife)) {
      const outcome = await train(killed, `operation:${operation}`);
      // The last lives may get to the end of the run.
      expect(outcome.signal ?? outcome.code, show(outcome)).toSatisfy(
        (end) => end === "SIGKILL" || end === 0,
      );
    }
    expect(await train(killed, "count")).toMatchObject({ code: 0 });
    expectSameRun(killed.run, unbroken.run);
  });
});
