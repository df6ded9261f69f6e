import { existsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, it } from "vitest";
import { FlmError } from "../../../lib/errors.ts";
import { withTokenFile } from "../../../lib/eval/own-token-file.ts";
import type { NativeEngine } from "../../../lib/native/types.ts";

const OTHERS = ["training.tok", "validation.tok"];

/** An engine that opens files `times` times, and then nothing more. */
function openingEngine(times = Infinity) {
  const opened: string[][] = [];
  const openTokenFiles = async (paths: readonly string[]) => {
    if (opened.length >= times) throw new FlmError("ENGINE_POISONED", "an earlier call failed");
    opened.push([...paths]);
  };
  return {
    scoring: { engine: { openTokenFiles } as unknown as NativeEngine, files: OTHERS },
    opened,
  };
}

const write = async (path: string) => writeFileSync(path, "tokens");

it("is open beside the others while it is used, and has no name by then", async () => {
  const { scoring, opened } = openingEngine();
  const used = await withTokenFile(scoring, write, async () => {
    const path = opened.at(-1)!.at(-1)!;
    expect(existsSync(dirname(path))).toBe(false);
    return path;
  });
  expect(opened).toEqual([[...OTHERS, used], OTHERS]);
});

it("is opened by nobody where it cannot be made", async () => {
  const { scoring, opened } = openingEngine();
  const full = () => Promise.reject(new FlmError("IO", "no space"));
  await expect(withTokenFile(scoring, full, () => expect.unreachable())).rejects.toThrow(
    "no space",
  );
  expect(opened).toEqual([]);
});

it("says where the place is chosen that has no room for it", async () => {
  const { scoring } = openingEngine();
  const full = (path: string) =>
    Promise.reject(
      new FlmError("IO", `cannot write ${path}: no space`, { hint: "another data.cache_dir" }),
    );
  const failing = withTokenFile(scoring, full, () => expect.unreachable());
  await expect(failing).rejects.toMatchObject({
    code: "IO",
    hint: expect.stringMatching("TMPDIR"),
  });
  const source = new FlmError("IO", "cannot read corpus.jsonl", { hint: "check the path" });
  const unread = withTokenFile(
    scoring,
    () => Promise.reject(source),
    () => expect.unreachable(),
  );
  await expect(unread).rejects.toBe(source);
});

it("leaves the others open where its use fails, and fails with that error", async () => {
  const lost = new FlmError("COMM_PEER_LOST", "lost rank 1");
  for (const times of [Infinity, 1]) {
    const { scoring, opened } = openingEngine(times);
    let path = "";
    const failing = withTokenFile(scoring, write, () => {
      path = opened.at(-1)!.at(-1)!;
      return Promise.reject(lost);
    });
    await expect(failing).rejects.toBe(lost);
    if (times > 1) expect(opened.at(-1)).toEqual(OTHERS);
    expect(existsSync(dirname(path))).toBe(false);
  }
});
