import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Config } from "../../../lib/config/types.ts";
import type { RunEvent, StepRow } from "../../../lib/train/events.ts";
import { Recorder } from "../../../lib/train/recorder.ts";
import { RunDirectory } from "../../../lib/train/run-directory.ts";

function runDirectory(): RunDirectory {
  const path = mkdtempSync(join(tmpdir(), "flm-recorder-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return new RunDirectory(path);
}

test("with an interval a stage's last step has a row too", () => {
  const directory = runDirectory();
  const logging = { interval_steps: 10, tensorboard: false } as Config["logging"];
  const seen: number[] = [];
  const observer = { onStep: ({ step }: StepRow) => void seen.push(step) };
  const recorder = new Recorder(directory, logging, null, observer);
  for (let step = 1; step <= 23; step++) recorder.step({ step } as StepRow, step === 13);
  recorder.close();
  const rows = readFileSync(directory.metrics, "utf8").trimEnd().split("\n");
  expect(rows.map((row) => (JSON.parse(row) as StepRow).step)).toEqual([10, 13, 20]);
  expect(seen).toHaveLength(23);
});

describe("TensorBoard", () => {
  const logging = { interval_steps: 1, tensorboard: true } as Config["logging"];
  const step = (step: number, step_ms: number) => (recorder: Recorder) =>
    recorder.step({ step, step_ms, loss: 1 } as StepRow, false);
  const warn = (recorder: Recorder) =>
    recorder.event({ type: "warning", step: 0, message: "one" } satisfies RunEvent);

  /** How many of the events there are after each of `actions`, which all have their loss. */
  function shownAfter(...actions: ((recorder: Recorder) => void)[]): number[] {
    const directory = runDirectory();
    const recorder = new Recorder(directory, logging, null, {});
    const shown = () => {
      const [name] = readdirSync(directory.tensorboard);
      const text = readFileSync(join(directory.tensorboard, name!), "latin1");
      return text.split("train/loss").length - 1;
    };
    const counts = actions.map((act) => (act(recorder), shown()));
    recorder.close();
    return [...counts, shown()];
  }

  test("is shown short steps together, and a long one at once", () => {
    const short = [1, 2, 3, 4].map((number) => step(number, 400));
    expect(shownAfter(...short, step(5, 9000))).toEqual([0, 0, 3, 3, 5, 5]);
  });

  test("is shown what waits before an event and at the end", () => {
    expect(shownAfter(step(1, 1), warn, step(2, 1))).toEqual([0, 1, 1, 2]);
  });
});

describe("a resume", () => {
  const logging = { interval_steps: 1, tensorboard: false } as Config["logging"];

  /** Of a run of 4 steps with a checkpoint at the third, after `harm` has been done to its files. */
  function lossesAfter(
    harm: (directory: RunDirectory) => void,
    said: { metrics_rows?: number; events_rows?: number } = { metrics_rows: 3, events_rows: 1 },
  ): readonly string[] {
    const directory = runDirectory();
    const first = new Recorder(directory, logging, null, {});
    first.event({ type: "warning", step: 0, message: "one" } satisfies RunEvent);
    for (let step = 1; step <= 3; step++) first.step({ step } as StepRow, false);
    expect(first).toMatchObject({ metrics_rows: 3, events_rows: 1 });
    first.step({ step: 4 } as StepRow, false);
    first.event({ type: "warning", step: 4, message: "two" } satisfies RunEvent);
    first.close();
    harm(directory);
    const resumed = {
      step: 3,
      is_stage_end: false,
      is_evaluation_due: false,
      rollbacks: 0,
      ...said,
    };
    const second = new Recorder(directory, logging, resumed, {});
    second.close();
    return second.losses;
  }

  const replace = (path: string, from: string | RegExp, to: string) =>
    writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
  const damaged = ({ metrics }: RunDirectory) => replace(metrics, '{"step":2}', '{"step":2{');
  const lost = "metrics.jsonl has 2 rows up to step 3, it had 3: the others are lost or damaged";

  test("has lost nothing of a run that was killed, also in the middle of a row", () => {
    expect(lossesAfter(() => {})).toEqual([]);
    expect(lossesAfter(({ metrics }) => replace(metrics, "4}\n", ""))).toEqual([]);
    expect(lossesAfter(({ events }) => replace(events, '"two"}\n', ""))).toEqual([]);
  });

  test.each([
    ["a damaged row", damaged],
    ["a step changed", ({ metrics }: RunDirectory) => replace(metrics, ":2}", ":6}")],
    [
      "rows that never reached the disk",
      ({ metrics }: RunDirectory) => replace(metrics, /{"step":3}[^]*/, ""),
    ],
  ])("says that metrics have a hole: %s", (_, harm) => {
    expect(lossesAfter(harm)).toEqual([lost]);
  });

  test("counts damaged lines where the checkpoint does not say how many rows there were", () => {
    const said = "metrics.jsonl had damaged lines, which are gone: 1";
    expect(lossesAfter(damaged, {})).toEqual([said]);
  });

  test.each([
    ["damaged", ({ events }: RunDirectory) => replace(events, '"one"', "one")],
    ["cut off", ({ events }: RunDirectory) => writeFileSync(events, "")],
    ["deleted", ({ events }: RunDirectory) => rmSync(events)],
  ])("says that events are %s", (_, harm) => {
    const lost = "events.jsonl has 0 rows up to step 3, it had 1: the others are lost or damaged";
    expect(lossesAfter(harm)).toEqual([lost]);
  });

  test("counts damaged events where the checkpoint does not say how many there were", () => {
    const losses = lossesAfter(({ events }) => replace(events, '"one"', "one"), {});
    expect(losses).toEqual(["events.jsonl had damaged lines, which are gone: 1"]);
  });
});
