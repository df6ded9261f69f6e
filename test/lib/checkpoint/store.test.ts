import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { hashHere } from "../../../lib/checkpoint/hash-files.ts";
import { type Checkpoint, CheckpointStore, openCheckpoint } from "../../../lib/checkpoint/store.ts";
import { FlmError } from "../../../lib/errors.ts";
import { failure, rejection } from "../failure.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { manifest } from "./manifests.ts";

const SHARD = "shard-00001-of-00001.safetensors";

function store(): CheckpointStore {
  return new CheckpointStore(join(temporaryDirectory(), "checkpoints"));
}

/** Any hash of 16 hex digits does; the addon's XXH64 is tested with the addon. */
async function hashFile(path: string) {
  const bytes = readFileSync(path);
  const xxh64 = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  return { size: bytes.length, xxh64 };
}

const hashFiles = hashHere(hashFile);

async function save(to: CheckpointStore, step: number, epoch = 1): Promise<Checkpoint> {
  const partial = to.begin(step, epoch);
  writeFileSync(join(partial, SHARD), `weights of step ${step}, epoch ${epoch}`.padEnd(40));
  return to.commit(
    partial,
    manifest({ step, epoch, files: [{ name: SHARD, ...(await hashFile(join(partial, SHARD))) }] }),
  );
}

test("a directory that does not exist holds no checkpoint", async () => {
  const empty = store();
  expect(empty.list()).toEqual([]);
  expect(empty.nextEpoch()).toBe(1);
  expect(await empty.newest(hashFiles)).toEqual({ checkpoint: null, rejected: [] });
});

test("a place that cannot be listed is an error of the file system", () => {
  const blocked = store();
  writeFileSync(blocked.directory, "");
  expect(failure(() => blocked.list()).code).toBe("IO");
});

test("a committed checkpoint is found again", async () => {
  const checkpoints = store();
  const saved = await save(checkpoints, 100);
  expect(basename(saved.directory)).toBe("step-00000100.e0001");
  expect(readdirSync(checkpoints.directory).toSorted()).toEqual(["LATEST", "step-00000100.e0001"]);
  expect(readFileSync(join(checkpoints.directory, "LATEST"), "utf8")).toBe("step-00000100.e0001\n");
  expect(await checkpoints.newest(hashFiles)).toEqual({ checkpoint: saved, rejected: [] });
});

test("a rank that is lost while it helps to verify does not make a checkpoint damaged", async () => {
  const checkpoints = store();
  await save(checkpoints, 100);
  for (const lost of [
    new FlmError("COMM_PEER_LOST", "lost rank 1"),
    new FlmError("IO", "rank 1: its disk is full", { rank: 1 }),
  ])
    await expect(checkpoints.newest(() => Promise.reject(lost))).rejects.toBe(lost);
  const unreadable = new FlmError("IO", "cannot read it");
  await expect(checkpoints.newest(() => Promise.reject(unreadable))).rejects.toMatchObject({
    code: "CHECKPOINT_INVALID",
  });
});

test("a later attempt counts for more than a later step", async () => {
  const checkpoints = store();
  for (const [step, epoch] of [
    [100, 1],
    [300, 1],
    [200, 2],
    [100_000_000, 1],
  ] as const)
    await save(checkpoints, step, epoch);
  expect(checkpoints.list()).toEqual([
    "step-00000200.e0002",
    "step-100000000.e0001",
    "step-00000300.e0001",
    "step-00000100.e0001",
  ]);
  expect(checkpoints.nextEpoch()).toBe(3);
});

describe("a crash", () => {
  test("before the commit leaves no checkpoint", async () => {
    const checkpoints = store();
    const old = await save(checkpoints, 100);
    writeFileSync(join(checkpoints.begin(200, 1), SHARD), "half of the weigh");
    expect(checkpoints.list()).toEqual(["step-00000100.e0001"]);
    expect((await checkpoints.newest(hashFiles)).checkpoint).toEqual(old);
  });

  test("before the commit is swept up by the next one", async () => {
    const checkpoints = store();
    writeFileSync(join(checkpoints.begin(200, 1), SHARD), "half of the weigh");
    const partial = checkpoints.begin(200, 1);
    expect(readdirSync(partial)).toEqual([]);
    checkpoints.begin(300, 1);
    const saved = await save(checkpoints, 200);
    checkpoints.retain(1);
    expect(readdirSync(checkpoints.directory).toSorted()).toEqual([
      "LATEST",
      basename(saved.directory),
    ]);
  });

  test("between a commit and what follows it is made up for by whoever goes on from there", async () => {
    const checkpoints = store();
    const saved = await save(checkpoints, 200);
    writeFileSync(join(checkpoints.directory, "LATEST"), "step-00000100.e0001\n");
    mkdirSync(join(checkpoints.directory, "old-step-00000100.e0001"));
    checkpoints.adopt(saved);
    const names = readdirSync(checkpoints.directory).toSorted();
    expect(names).toEqual(["LATEST", "step-00000200.e0001"]);
    const latest = readFileSync(join(checkpoints.directory, "LATEST"), "utf8");
    expect(latest).toBe("step-00000200.e0001\n");
  });

  test("and somebody's odd file named LATEST do not keep a run waiting", async () => {
    const checkpoints = store();
    const saved = await save(checkpoints, 200);
    const path = join(checkpoints.directory, "LATEST");
    rmSync(path);
    execFileSync("mkfifo", [path]);
    checkpoints.adopt(saved);
    expect(statSync(path).isFile()).toBe(true);
  });

  test("while old ones are deleted leaves no checkpoint half-deleted", async () => {
    const checkpoints = store();
    const saved = await save(checkpoints, 200);
    const doomed = join(checkpoints.directory, "old-step-00000100.e0001");
    mkdirSync(doomed);
    writeFileSync(join(doomed, SHARD), "what was not deleted yet");
    expect(checkpoints.list()).toEqual(["step-00000200.e0001"]);
    expect((await checkpoints.newest(hashFiles)).checkpoint).toEqual(saved);
    checkpoints.retain(1);
    expect(existsSync(doomed)).toBe(false);
  });

  test("while one is replaced by another of its name leaves the one or the other", async () => {
    const checkpoints = store();
    const saved = await save(checkpoints, 100);
    const replaced = join(checkpoints.directory, "replaced-step-00000100.e0001");
    renameSync(saved.directory, replaced);
    checkpoints.enter(2);
    expect((await checkpoints.newest(hashFiles)).checkpoint).toEqual(saved);
    mkdirSync(replaced);
    checkpoints.retain(1);
    expect(checkpoints.list()).toEqual(["step-00000100.e0001"]);
    expect(existsSync(replaced)).toBe(false);
  });

  test("while one was deleted does not keep its successor of the same name from going", async () => {
    const checkpoints = store();
    await save(checkpoints, 100);
    await save(checkpoints, 200);
    const doomed = join(checkpoints.directory, "old-step-00000100.e0001");
    mkdirSync(doomed);
    writeFileSync(join(doomed, SHARD), "what was not deleted yet");
    checkpoints.retain(1);
    expect(checkpoints.list()).toEqual(["step-00000200.e0001"]);
  });
});

test("the same step may be committed again", async () => {
  const checkpoints = store();
  await save(checkpoints, 100);
  mkdirSync(join(checkpoints.directory, "old-step-00000100.e0001", "left"), { recursive: true });
  const again = await save(checkpoints, 100);
  expect(await checkpoints.newest(hashFiles)).toEqual({ checkpoint: again, rejected: [] });
});

test("retention keeps the newest", async () => {
  const checkpoints = store();
  for (const step of [100, 200, 300, 400]) await save(checkpoints, step);
  checkpoints.retain(2);
  expect(checkpoints.list()).toEqual(["step-00000400.e0001", "step-00000300.e0001"]);
  expect(readdirSync(checkpoints.directory)).toHaveLength(3);
});

describe("damage", () => {
  test.each([
    ["a truncated shard", (path: string) => truncateSync(join(path, SHARD), 7), "has 7 bytes"],
    [
      "a flipped byte",
      (path: string) => writeFileSync(join(path, SHARD), "Weights".padEnd(40)),
      "has hash",
    ],
    ["a missing shard", (path: string) => rmSync(join(path, SHARD)), "is missing"],
    [
      "a truncated manifest",
      (path: string) => truncateSync(join(path, "manifest.json"), 50),
      "not JSON",
    ],
    ["a missing manifest", (path: string) => rmSync(join(path, "manifest.json")), "no manifest"],
  ])("%s falls back to the checkpoint before, and says so", async (_, damage, reason) => {
    const checkpoints = store();
    const old = await save(checkpoints, 100);
    const bad = await save(checkpoints, 200);
    damage(bad.directory);
    const { checkpoint, rejected } = await checkpoints.newest(hashFiles);
    expect(checkpoint).toEqual(old);
    expect(rejected).toEqual([
      { directory: bad.directory, reason: expect.stringContaining(reason) },
    ]);
  });

  test("everywhere is an error, never a fresh start", async () => {
    const checkpoints = store();
    for (const step of [100, 200])
      truncateSync(join((await save(checkpoints, step)).directory, SHARD), 1);
    const { code, message, hint } = await rejection(checkpoints.newest(hashFiles));
    expect(code).toBe("CHECKPOINT_INVALID");
    expect(message).toContain("step-00000100.e0001");
    expect(message).toContain("step-00000200.e0001");
    expect(hint).toContain("--fresh");
  });
});

test("a directory without a manifest is not a checkpoint", async () => {
  const { directory } = store();
  const { code, hint } = await rejection(openCheckpoint(directory, hashFiles));
  expect(code).toBe("CHECKPOINT_NOT_FOUND");
  expect(hint).toContain("runs/NAME/checkpoints/");
});

test("what the file system refuses names the path", () => {
  const { directory } = store();
  writeFileSync(directory, "a file where the directory should be");
  const { code, message } = failure(() => new CheckpointStore(directory).begin(1, 1));
  expect(code).toBe("IO");
  expect(message).toContain(join(directory, "tmp-step-00000001.e0001"));
});

describe("an attempt", () => {
  /** As two machines see it: each has an object of its own. */
  function attempts(...epochs: number[]): CheckpointStore[] {
    const { directory } = store();
    return epochs.map((epoch) => {
      const entered = new CheckpointStore(directory);
      entered.enter(epoch);
      return entered;
    });
  }

  test("that has committed nothing counts all the same", () => {
    const [first] = attempts(1);
    expect(first!.nextEpoch()).toBe(2);
    expect(first!.list()).toEqual([]);
  });

  test("cannot commit after a later one has started, and says which", async () => {
    const checkpoints = store();
    checkpoints.enter(1);
    const partial = checkpoints.begin(300, 1);
    const later = new CheckpointStore(checkpoints.directory);
    later.enter(later.nextEpoch());
    const saved = await save(later, 200, 2);
    const { code, message } = failure(() => checkpoints.begin(300, 1));
    expect(code).toBe("ENVIRONMENT");
    expect(message).toContain("epoch 2 has started there, this is epoch 1");
    // What it was writing has gone with the start of the later one.
    expect(existsSync(partial)).toBe(false);
    mkdirSync(partial);
    expect(failure(() => checkpoints.commit(partial, manifest({ step: 300, epoch: 1 }))).code).toBe(
      "ENVIRONMENT",
    );
    expect(later.list()).toEqual([basename(saved.directory)]);
  });

  test("cannot delete after a later one has started", async () => {
    const checkpoints = store();
    checkpoints.enter(1);
    await save(checkpoints, 100);
    const later = new CheckpointStore(checkpoints.directory);
    later.enter(2);
    const partial = later.begin(200, 2);
    expect(failure(() => checkpoints.retain(0)).code).toBe("ENVIRONMENT");
    expect(failure(() => checkpoints.begin(200, 1)).code).toBe("ENVIRONMENT");
    expect(later.list()).toHaveLength(1);
    expect(existsSync(partial)).toBe(true);
  });

  test("leaves nothing when it ends, and those before it stay out", async () => {
    const [first, second] = attempts(1, 2);
    const saved = await save(second!, 200, 2);
    first!.leave();
    second!.leave();
    expect(second!.list()).toEqual([basename(saved.directory)]);
    expect(readdirSync(dirname(second!.directory))).toEqual(["checkpoints"]);
    expect(failure(() => first!.begin(300, 1)).code).toBe("ENVIRONMENT");
  });

  test("starts once: two processes that found the same epochs are not the same attempt", () => {
    const [first] = attempts(1);
    const { message } = failure(() => new CheckpointStore(first!.directory).enter(1));
    expect(message).toContain("epoch 1 has started there, this is epoch 1");
    expect(failure(() => new CheckpointStore(first!.directory).enter(0)).code).toBe("ENVIRONMENT");
  });

  test("says so where its directory is gone", () => {
    const [first] = attempts(1);
    rmSync(dirname(first!.directory), { recursive: true });
    const { code, message } = failure(() => first!.begin(100, 1));
    expect(code).toBe("ENVIRONMENT");
    expect(message).toContain("was deleted or renamed");
  });

  test("is not taken for one of a new directory in the same place", () => {
    const [old] = attempts(1);
    rmSync(join(dirname(old!.directory), "attempt.e0001"));
    new CheckpointStore(old!.directory).enter(1);
    expect(failure(() => old!.begin(100, 1)).code).toBe("ENVIRONMENT");
  });
});
