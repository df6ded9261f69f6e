import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readRun } from "../../../../lib/report/read/run.ts";
import { manifest } from "../../checkpoint/manifests.ts";
import { rejection } from "../../failure.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { grownRun, stepRow, writeRun } from "../runs.ts";

test("a whole run", async () => {
  const files = grownRun();
  const run = await readRun(writeRun(files));
  expect(run.steps.step).toHaveLength(749);
  expect(run.events).toHaveLength(files.events.length);
  expect(run.config).toMatchObject({ name: "flm-mini", version: "0.1.0" });
  expect(run.config.stages.map(({ name }) => name)).toEqual(["16b-like", "51b-like", "101b-like"]);
  expect(run.config.values.get("stages.1.hidden_size")).toBe("128");
  expect(run).toMatchObject({ checkpoint: null, gaps: [] });
});

describe("metrics", () => {
  const read = async (...metrics: (object | string)[]) =>
    (await readRun(writeRun({ metrics }))).steps;

  test("may have numbers that JSON could not hold", async () => {
    const steps = await read({ ...stepRow(1), loss: null }, { step: 2, tokens: 4096 });
    expect(steps.loss).toEqual([Number.NaN, Number.NaN]);
    expect(steps.tokens).toEqual([2048, 4096]);
  });

  test.each([["{"], ["null"], ["5"], ["[]"], ['{"step":2}'], ['{"step":"2","tokens":9999}'], [""]])(
    "pass over what is no row: %j",
    async (line) => {
      expect((await read(stepRow(1), line, stepRow(3))).step).toEqual([1, 3]);
    },
  );

  test("never go back", async () => {
    expect((await read(stepRow(1), stepRow(5), stepRow(3), stepRow(6))).step).toEqual([1, 5, 6]);
  });
});

test("events that are not known, or not whole, are passed over", async () => {
  const events = [{ type: "party", step: 1 }, { type: "growth", step: 2 }, "null", "{"];
  const skip = { type: "skip", step: 3, action: "skip", loss: null, grad_norm: null };
  const run = await readRun(writeRun({ events: [...events, skip] }));
  expect(run.events).toEqual([{ ...skip, loss: Number.NaN, grad_norm: Number.NaN }]);
});

test("a config that is none gives its text", async () => {
  const { config } = await readRun(writeRun({ config: "a: [unclosed" }));
  expect(config).toMatchObject({ name: null, stages: [], text: "a: [unclosed" });
});

test("the newest manifest that is whole gives the sizes", async () => {
  const directory = writeRun({ metrics: [stepRow(1)] });
  const checkpoint = (name: string, text: string) => {
    mkdirSync(join(directory, "checkpoints", name), { recursive: true });
    writeFileSync(join(directory, "checkpoints", name, "manifest.json"), text);
  };
  checkpoint("step-00000010.e0001", JSON.stringify(manifest()));
  checkpoint("step-00000020.e0001", "{");
  expect((await readRun(directory)).checkpoint).toMatchObject({
    step: 10,
    bytes: 40,
    parameters: 6,
    device: "a CPU",
  });
});

test("files that are missing are named", async () => {
  const { gaps } = await readRun(writeRun({ metrics: [] }));
  expect(gaps).toEqual(["config.yaml", "events.jsonl"]);
});

describe("refused", () => {
  test("a path that is no directory", async () => {
    const path = join(temporaryDirectory(), "missing");
    const { code, message, hint } = await rejection(readRun(path));
    expect(code).toBe("INVALID_ARGUMENT");
    expect(message).toContain(path);
    expect(hint).toContain("runs/NAME");
  });

  test("a directory that is no run", async () => {
    const { code, message, hint } = await rejection(readRun(temporaryDirectory()));
    expect(code).toBe("INVALID_ARGUMENT");
    expect(message).toContain("has no config.yaml, metrics.jsonl, events.jsonl");
    expect(hint).toContain("not one of its checkpoints");
  });

  test.each(["metrics.jsonl", "config.yaml"])("a %s that cannot be read", async (name) => {
    const directory = writeRun(name === "config.yaml" ? { metrics: [] } : { config: "name: x" });
    mkdirSync(join(directory, name));
    expect((await rejection(readRun(directory))).code).toBe("IO");
  });
});
