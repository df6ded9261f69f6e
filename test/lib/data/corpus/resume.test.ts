import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { UserConfig } from "../../../../lib/config/index.ts";
import { prepareData, type PrepareOptions } from "../../../../lib/data/prepare.ts";
import type { PreparedData, PrepareProgress } from "../../../../lib/data/types.ts";
import { loadNative } from "../../../../lib/native/load.ts";
import { configFor, directoryWith, errorOf } from "../support.ts";

const native = loadNative();
/** Of text: the corpus has about thirty. */
const SHARD_BYTES = 600;

/** Three files of two sources, one with samples; some documents occur twice. */
function corpus(): string {
  const text = (from: number) =>
    Array.from({ length: 90 }, (_, i) =>
      JSON.stringify({ text: `Line ${(from + i) % 150} of ${(i * 7919) % 1000}, and so on.` }),
    ).join("\n");
  const samples = Array.from({ length: 80 }, (_, i) =>
    JSON.stringify({ text: `Is ${i} even?`, proposition: "It is.", label: i % 2 === 0 }),
  );
  return directoryWith({
    "text/a.jsonl": text(0),
    "text/b.jsonl": `not JSON\n${text(100)}`,
    "teacher.jsonl": samples.join("\n"),
  });
}

const DATA: UserConfig["data"] = {
  sources: [{ path: "text" }, { path: "teacher.jsonl", type: "proposition" }],
  validation: { fraction: 0.1 },
  on_bad_row: "skip",
};

function prepare(
  directory: string,
  cache_dir: string,
  options: Partial<PrepareOptions> = {},
): Promise<PreparedData> {
  const tokenizer: UserConfig["tokenizer"] = { type: "bpe", vocab_size: 300 };
  const config = configFor(directory, { ...DATA, cache_dir }, tokenizer, { type: "freelm" });
  return prepareData(config, { native, shard_bytes: SHARD_BYTES, ...options });
}

/** Every file of the corpus by name. */
function contents({ files }: PreparedData): Record<string, string> {
  const directory = dirname(files[0]!);
  return Object.fromEntries(
    readdirSync(directory).map((name) => [
      name,
      readFileSync(join(directory, name)).toString("base64"),
    ]),
  );
}

/** Prepares into `cache` until `phase` has done so many bytes, and is cancelled there. Returns what it had done. */
async function interrupted(
  directory: string,
  cache: string,
  phase: PrepareProgress["phase"],
  bytes: number,
): Promise<number> {
  const controller = new AbortController();
  let reached = 0;
  const onProgress = (progress: PrepareProgress) => {
    if (progress.phase !== phase) return;
    reached = progress.done;
    if (reached >= bytes) controller.abort();
  };
  const { signal } = controller;
  const error = await errorOf(() =>
    prepare(directory, cache, { signal, onProgress, report_bytes: 1 }),
  );
  expect(error.code).toBe("CANCELLED");
  return reached;
}

/** Prepares to the end, and says how far each phase was when this call began with it. */
async function resumed(directory: string, cache: string) {
  const seen: PrepareProgress[] = [];
  const onProgress = (progress: PrepareProgress) => seen.push(progress);
  const data = await prepare(directory, cache, { onProgress });
  const begun = new Map(seen.toReversed().map(({ phase, done }) => [phase, done]));
  return { data, begun };
}

describe("an interrupted corpus", () => {
  it("is gone on with where it was, and loses at most a shard", async () => {
    const directory = corpus();
    const straight = await prepare(directory, "straight");
    for (const [phase, bytes] of [
      ["reading", 3000],
      ["tokenizing", 2000],
      ["tokenizing", 5000],
    ] as const) {
      const cache = `${phase}-${bytes}`;
      const reached = await interrupted(directory, cache, phase, bytes);
      const { data, begun } = await resumed(directory, cache);
      expect(contents(data)).toEqual(contents(straight));
      expect(data.warnings).toEqual(straight.warnings);
      expect(data.bad_rows).toBe(1);
      expect(reached - begun.get(phase)!).toBeLessThan(2 * SHARD_BYTES);
      if (phase === "tokenizing") expect(begun.has("training tokenizer")).toBe(false);
      expect(readdirSync(join(directory, cache))).toHaveLength(1);
    }
  });

  it("may be interrupted again and again", async () => {
    const directory = corpus();
    const straight = await prepare(directory, "straight");
    let attempts = 0;
    let data: PreparedData | null = null;
    while (data === null && ++attempts < 100) {
      const controller = new AbortController();
      let reports = 0;
      const onProgress = ({ phase }: PrepareProgress) => {
        if (phase !== "training tokenizer" && ++reports > 60) controller.abort();
      };
      const options = { signal: controller.signal, onProgress, report_bytes: 1 };
      data = await prepare(directory, "cache", options).catch((error: unknown) => {
        if (controller.signal.aborted) return null;
        throw error;
      });
    }
    expect(attempts).toBeGreaterThan(3);
    expect(contents(data!)).toEqual(contents(straight));
  });

  it("survives a kill", async () => {
    const directory = corpus();
    const straight = await prepare(directory, "straight");
    const child = fileURLToPath(new URL("./killed-child.ts", import.meta.url));
    const { signal, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", child, directory, JSON.stringify(DATA), String(SHARD_BYTES)],
      { encoding: "utf8" },
    );
    expect(signal, stderr).toBe("SIGKILL");
    expect(readdirSync(join(directory, "cache"))).toEqual([expect.stringMatching(/^tmp-/)]);
    const { data, begun } = await resumed(directory, "cache");
    expect(contents(data)).toEqual(contents(straight));
    expect(begun.get("tokenizing")).toBeGreaterThan(3500 - 2 * SHARD_BYTES);
  });
});
