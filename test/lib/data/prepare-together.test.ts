import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Config } from "../../../lib/config/types.ts";
import { prepareStages } from "../../../lib/data/prepare-stages.ts";
import { prepareTogether } from "../../../lib/data/prepare-together.ts";
import type { PreparedData } from "../../../lib/data/types.ts";
import { loadNative } from "../../../lib/native/load.ts";
import { configFor, directoryWith } from "./support.ts";

const native = loadNative();
const TEXT = Array.from({ length: 60 }, (_, i) => `document ${i} of the documents`);

/** A run with two vocabularies, whose sources and cache are its own. */
function run(texts: readonly string[] = TEXT): { config: Config; source: string } {
  const directory = directoryWith({
    "a.jsonl": texts.map((text) => JSON.stringify({ text })).join("\n"),
  });
  const config = configFor(
    directory,
    { sources: [{ path: "a.jsonl" }], validation: { fraction: 0.2 }, cache_dir: "cache" },
    { type: "bpe", vocab_size: 270 },
  );
  config.stages = [262, null].map((vocab_size) => ({ ...config.stages[0]!, vocab_size }));
  return { config, source: join(directory, "a.jsonl") };
}

/** What each rank gets: rank 0 first, then the one that prepares `config`. */
async function together(leader: Config, config: Config, betweenRanks: () => void = () => {}) {
  let told: unknown;
  const prepare = (of: Config) => (sources_key?: string) =>
    prepareStages(of, { native, sources_key });
  const tell = async <T>(_: string, value: T) => (told = value) as T;
  const hear = async <T>() => told as T;
  const first = await prepareTogether({ rank: 0, broadcast: tell }, prepare(leader));
  betweenRanks();
  return [first, await prepareTogether({ rank: 1, broadcast: hear }, prepare(config))] as const;
}

function facts(stages: readonly PreparedData[] | null) {
  return stages!.map(({ files, fingerprint, sources_key, train_tokens, stream }) => ({
    ...{ files, fingerprint, sources_key, train_tokens },
    rows: [...stream().next(4, 16)],
  }));
}

describe("data that ranks prepare together", () => {
  it("are opened by the others, who do not look at a source", async () => {
    const { config, source } = run();
    const [first, second] = await together(config, config, () => rmSync(source));
    expect(facts(second)).toEqual(facts(first));
    expect(first![0]!.made_of.map(({ path }) => path)).toEqual([source]);
  });

  it("may be prepared again where the cache is on another disk", async () => {
    const [first, second] = await together(run().config, run().config);
    expect(second!.map(({ fingerprint }) => fingerprint)).toEqual(
      first!.map(({ fingerprint }) => fingerprint),
    );
    expect(second![0]!.files).not.toEqual(first![0]!.files);
  });

  it("must be the same", async () => {
    const other = run([...TEXT, "one more"]).config;
    await expect(together(run().config, other)).rejects.toThrow(
      /^rank 1 reads other data than rank 0: fingerprint \w+ \w+, there \w+ \w+$/,
    );
  });

  it("are none for anybody where rank 0 was told to stop", async () => {
    const prepared: number[] = [];
    for (const rank of [0, 1]) {
      const prepare = async () => (prepared.push(rank), null);
      const ranks = { rank, broadcast: async () => null as never };
      expect(await prepareTogether(ranks, prepare)).toBeNull();
    }
    expect(prepared).toEqual([0]);
  });

  it("are looked for anew by a rank of its own, and change with their sources", async () => {
    const { config, source } = run();
    const [before] = await prepareStages(config, { native });
    writeFileSync(source, JSON.stringify({ text: "something else, and enough of it" }));
    const [after] = await prepareStages(config, { native });
    expect(after!.sources_key).not.toBe(before!.sources_key);
    expect(after!.fingerprint).not.toBe(before!.fingerprint);
  });
});
