import { describe, expect, test } from "vitest";
import { runFacts } from "../../../../lib/report/facts/run-facts.ts";
import { readRun } from "../../../../lib/report/read/run.ts";
import { grownRun, type RunFiles, stepRow, writeRun } from "../runs.ts";

async function summaryOf(files: RunFiles) {
  return runFacts(await readRun(writeRun(files))).summary;
}

test("a finished run", async () => {
  const { metrics, ...rest } = grownRun();
  const summary = await summaryOf({ metrics, ...rest });
  expect(summary).toMatchObject({
    name: "flm-mini",
    status: "done",
    steps: 749,
    tokens: 749 * 2048,
    bigram_loss: 2.47,
    parameters_start: 482_000,
    parameters_end: 3_130_000,
    device: "a CPU (avx512-bf16, 2 threads)",
    precision: "bf16",
  });
  expect(summary.validation_loss).toBeCloseTo(1.795, 2);
  expect(summary.flops_at_final_size).toBeCloseTo(749 * 2048 * 1.2e10, -10);
});

test("a run without anything but a config", async () => {
  const summary = await summaryOf({ config: "name: planned\n" });
  expect(summary).toMatchObject({ name: "planned", status: "unfinished", steps: 0 });
  const { name: _, run_dir: __, status: ___, steps: ____, ...rest } = summary;
  expect(new Set(Object.values(rest))).toEqual(new Set([null]));
});

describe("the status", () => {
  const start = { type: "start", step: 0, device: "d", precision: "f32", parameters: 1 };
  const done = { type: "done", step: 2, status: "interrupted" };
  const resume = { type: "resume", step: 2, checkpoint: "/c" };
  const failed = { type: "failed", step: 3, code: "DIVERGED", message: "m" };

  test.each([
    ["unfinished", [start]],
    ["interrupted", [start, done]],
    ["unfinished", [start, done, resume]],
    ["failed", [start, done, resume, failed]],
    ["done", [start, failed, resume, { ...done, status: "done" }]],
  ])("%s is what the last attempt ended with", async (status, events) => {
    expect((await summaryOf({ events })).status).toBe(status);
  });
});

test("the place is that of the last attempt that says it", async () => {
  const start = { type: "start", step: 0, device: "d", precision: "f32", parameters: 1, ranks: 1 };
  const silent = { type: "resume", step: 1, checkpoint: "/c" };
  const moved = { ...silent, device: "e", precision: "bf16", ranks: 8 };
  expect(await summaryOf({ events: [start, silent] })).toMatchObject({ device: "d", ranks: 1 });
  expect(await summaryOf({ events: [start, moved, silent] })).toMatchObject({
    ...{ device: "e", precision: "bf16", ranks: 8 },
  });
});

test("the wall time leaves out the pauses between attempts", async () => {
  const at = (second: number) => new Date(1e12 + 1000 * second).toISOString();
  const event = (type: string, second: number) => ({
    type,
    step: second,
    time: at(second),
    device: "d",
    precision: "f32",
    parameters: 1,
    checkpoint: "/c",
    status: "done",
  });
  const events = [event("start", 0), event("done", 10), event("resume", 1000), event("done", 1005)];
  expect((await summaryOf({ events })).wall_seconds).toBe(15);
});

test("losses that are not finite are no last loss", async () => {
  const metrics = [stepRow(1, { loss: 3 }), { ...stepRow(2), loss: null }];
  expect((await summaryOf({ metrics })).loss).toBe(3);
});

test("the speed is that of all tokens in all time, not a mean of speeds", async () => {
  const metrics = [
    stepRow(1, { step_ms: 1000, tokens_per_second: 100 }),
    stepRow(2, { step_ms: 3000, tokens_per_second: 200 }),
  ];
  expect((await summaryOf({ metrics })).tokens_per_second).toBeCloseTo(175, 9);
});

test("a row stands for the steps since the row before: a short stage's last row is not a whole interval", async () => {
  const metrics = [
    stepRow(50, { step_ms: 100, tokens_per_second: 20_480 }),
    stepRow(100, { step_ms: 100, tokens_per_second: 20_480 }),
    stepRow(104, { stage: 1, step_ms: 1000, tokens_per_second: 2048 }),
  ];
  // 100 · 0.1 s + 4 · 1 s for 104 · 2048 tokens.
  expect((await summaryOf({ metrics })).tokens_per_second).toBeCloseTo((104 * 2048) / 14, 6);
});
