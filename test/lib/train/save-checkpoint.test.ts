import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkpointName, CheckpointStore } from "../../../lib/checkpoint/store.ts";
import { alone, type Ranks } from "../../../lib/train/ranks.ts";
import { saveCheckpoint } from "../../../lib/train/save-checkpoint.ts";
import { manifest } from "../checkpoint/manifests.ts";

let directory: string;
let store: CheckpointStore;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "flm-save-"));
  store = new CheckpointStore(join(directory, "checkpoints"));
});

afterEach(() => rmSync(directory, { recursive: true }));

async function save(step: number, keep: number, ranks: Ranks): Promise<void> {
  const { format: _, created: __, tensors: ___, files: ____, ...rest } = manifest({ step });
  const { optimizer_steps: _____, ...facts } = rest;
  await (
    await saveCheckpoint(store, ranks, { engine: null, facts, behind: false, keep })
  ).done;
}

test("other ranks hear of a checkpoint when those that it replaces are gone", async () => {
  const seen: string[][] = [];
  const ranks: Ranks = {
    ...alone(1),
    broadcast: async (key, value) => {
      if (key === "checkpoint/committed") seen.push(store.list());
      return value;
    },
  };
  for (const step of [10, 20, 30]) await save(step, 2, ranks);
  const names = (...steps: number[]) => steps.map((step) => checkpointName(step, 1));
  expect(seen).toEqual([names(10), names(20, 10), names(30, 20)]);
});
