import { describe, expect, test } from "vitest";
import { stageSpans } from "../../../../lib/report/facts/stages.ts";
import { readRun } from "../../../../lib/report/read/run.ts";
import { grownRun, stepRow, writeRun } from "../runs.ts";

describe("the stages of a run that grew", () => {
  test("join one another, where the events say", async () => {
    const stages = stageSpans(await readRun(writeRun(grownRun())));
    expect(stages.map(({ name }) => name)).toEqual(["16b-like", "51b-like", "101b-like"]);
    expect(stages.map(({ from }) => from.tokens)).toEqual([0, 586 * 2048, 681 * 2048]);
    expect(stages.map(({ to }) => to.tokens)).toEqual([586 * 2048, 681 * 2048, 749 * 2048]);
    expect(stages.map(({ parameters }) => parameters)).toEqual([482_000, 1_620_000, 3_130_000]);
    expect(stages.map(({ shape }) => shape?.num_layers)).toEqual([3, 8, 10]);
  });

  test("have their ramps where m is below 1", async () => {
    const stages = stageSpans(await readRun(writeRun(grownRun())));
    expect(stages.map(({ ramp_end }) => ramp_end?.tokens)).toEqual([
      undefined,
      (586 + 11) * 2048,
      (681 + 11) * 2048,
    ]);
  });

  test("are found from the metrics alone", async () => {
    const { metrics } = grownRun();
    const stages = stageSpans(await readRun(writeRun({ metrics })));
    expect(stages.map(({ name }) => name)).toEqual(["stage-1", "stage-2", "stage-3"]);
    expect(stages.map(({ from }) => from.tokens)).toEqual([0, 586 * 2048, 681 * 2048]);
    expect(stages.map(({ shape }) => shape)).toEqual([null, null, null]);
  });
});

test("a run that stopped in its ramp ends in it", async () => {
  const metrics = [stepRow(1, { ramp: 0 }), stepRow(2, { ramp: 0.5 })];
  const [stage] = stageSpans(await readRun(writeRun({ metrics })));
  expect(stage!.ramp_end).toEqual(stage!.to);
});

test("no rows, no stages", async () => {
  expect(stageSpans(await readRun(writeRun({ metrics: [] })))).toEqual([]);
});
