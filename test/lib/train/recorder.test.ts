import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Config } from "../../../lib/config/types.ts";
import type { StepRow } from "../../../lib/train/events.ts";
import { Recorder } from "../../../lib/train/recorder.ts";
import { RunDirectory } from "../../../lib/train/run-directory.ts";

test("with an interval a stage's last step has a row too", () => {
  const path = mkdtempSync(join(tmpdir(), "flm-recorder-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  const directory = new RunDirectory(path);
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
