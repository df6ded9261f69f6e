import { describe, expect, test } from "vitest";
import { observedRun } from "../../../lib/cli/observed-run.ts";
import { readRun } from "../../../lib/report/read/run.ts";
import { addRow, noSteps } from "../../../lib/report/read/steps.ts";
import { failure } from "../failure.ts";
import { grownRun, stepRow, writeRun } from "../report/runs.ts";

const grown = () => readRun(writeRun(grownRun()));

describe("observedRun", () => {
  test("has the parameters of each stage, and one vocabulary where it did not grow", async () => {
    const run = observedRun(await grown());
    expect(run.parameters).toEqual([482_000, 1_620_000, 3_130_000]);
    expect(run.vocabularies).toEqual([257]);
  });

  test("has each vocabulary of one that grew, once there is a step with it", async () => {
    const record = await grown();
    for (const event of record.events)
      if (event.type === "growth" && event.stage === 2) event.to.vocab_size = 2048;
    expect(observedRun(record).vocabularies).toEqual([257, 2048]);
    const steps = noSteps();
    for (let step = 1; step <= 10; step++) addRow(steps, stepRow(step, { stage: 1 }));
    expect(observedRun({ ...record, steps }).vocabularies).toEqual([257]);
  });

  test("runs of the first versions had one vocabulary", async () => {
    const record = await grown();
    for (const event of record.events)
      if (event.type === "growth") {
        delete event.from.vocab_size;
        delete event.to.vocab_size;
      }
    expect(observedRun(record).vocabularies).toEqual([]);
  });

  test("a growth event without a size is named by its run", async () => {
    const record = await grown();
    for (const event of record.events) if (event.type === "growth") event.parameters_after = NaN;
    expect(failure(() => observedRun(record)).message).toContain(record.directory);
  });

  test("reads more steps than a call takes arguments", async () => {
    const record = await grown();
    const steps = noSteps();
    for (let step = 1; step <= 150_000; step++) addRow(steps, stepRow(step));
    expect(observedRun({ ...record, steps }).step).toHaveLength(150_000);
  });
});
