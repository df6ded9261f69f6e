import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FlmError } from "../../../lib/errors.ts";
import { checkpointName, CheckpointStore } from "../../../lib/checkpoint/store.ts";
import { plain } from "../../../lib/parallel/rendezvous/messages.ts";
import { alone, type Ranks } from "../../../lib/train/ranks.ts";
import { saveCheckpoint } from "../../../lib/train/save-checkpoint.ts";
import { manifest } from "../checkpoint/manifests.ts";
import { rejection } from "../failure.ts";

let directory: string;
let store: CheckpointStore;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "flm-save-"));
  store = new CheckpointStore(join(directory, "checkpoints"));
});

afterEach(() => rmSync(directory, { recursive: true }));

async function save(
  step: number,
  keep: number,
  ranks: Ranks,
  sync = async () => {},
): Promise<void> {
  const { format: _, created: __, tensors: ___, files: ____, ...rest } = manifest({ step });
  const { optimizer_steps: _____, ...facts } = rest;
  await (
    await saveCheckpoint(store, ranks, { engine: null, facts, sync, behind: false, keep })
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

test.each([
  [2, { message: "cannot write: no space", rank: undefined }],
  [0, { message: "rank 2: cannot write: no space", rank: 2 }],
])("rank %i hears of a failed part from the rank that wrote it", async (rank, heard) => {
  const error = plain(new FlmError("IO", "cannot write: no space", { hint: "free space" }));
  const parts: unknown[] = [{ files: [] }, { files: [] }, { error }];
  const ranks: Ranks = {
    ...alone(1),
    rank,
    gather: async <T>(key: string, value: T) =>
      key === "checkpoint/written" ? (parts as T[]) : [value],
  };
  const { code, message, hint, rank: blamed } = await rejection(save(10, 2, ranks));
  expect({ message, rank: blamed }).toEqual(heard);
  expect([code, hint]).toEqual(["IO", "free space"]);
});

test("it counts only once what has to be on the disk before it is there", async () => {
  const seen: string[][] = [];
  await save(10, 2, alone(1), async () => {
    await Promise.resolve();
    seen.push(store.list());
  });
  expect(seen).toEqual([[]]);
  expect(store.list()).toEqual([checkpointName(10, 1)]);
  const sync = () => Promise.reject(new FlmError("IO", "cannot write metrics.jsonl"));
  expect(await rejection(save(20, 2, alone(1), sync))).toMatchObject({ code: "IO" });
  expect(store.list()).toEqual([checkpointName(10, 1)]);
});
