import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DATA_IDENTITY } from "../../../lib/checkpoint/manifest.ts";
import type { UserConfig } from "../../../lib/config/index.ts";
import { readTokens } from "../../../lib/data/corpus/document-index.ts";
import { prepareStages } from "../../../lib/data/prepare-stages.ts";
import { loadTokenizer } from "../../../lib/data/tokenizer/load.ts";
import { heldOutData } from "../../../lib/eval/held-out-data.ts";
import { ONE_PROCESS } from "../../../lib/eval/model-place.ts";
import { loadNative } from "../../../lib/native/load.ts";
import { configFor, directoryWith, errorOf } from "../data/support.ts";

const native = loadNative();
const ENGLISH = Array.from({ length: 80 }, (_, i) => `The ${i}th story is about ${i * 7919}.`);
const OTHER = Array.from({ length: 80 }, (_, i) => `Une ${i}e fable qui parle de ${i * 31} chats.`);

type Model = Parameters<typeof heldOutData>[0];

/** A run's model, as far as it matters here, and its data. */
async function runOn(texts: readonly string[], tokenizer: UserConfig["tokenizer"], fraction = 0.2) {
  const directory = directoryWith();
  const write = (all: readonly string[]) =>
    writeFileSync(
      join(directory, "text.jsonl"),
      all.map((text) => JSON.stringify({ text })).join("\n"),
    );
  write(texts);
  const config = configFor(
    directory,
    { sources: [{ path: "text.jsonl" }], cache_dir: "cache", validation: { fraction } },
    tokenizer,
  );
  const [data] = await prepareStages(config, { native });
  const model = {
    config,
    plan: { index: 0 },
    tokenizer: loadTokenizer(native, data!.tokenizer.toJson() ?? "bytes"),
    checkpoint: { manifest: { identity: { [DATA_IDENTITY]: data!.fingerprint } } },
  } as unknown as Model;
  return { model, data: data!, write, remove: () => rmSync(join(directory, "text.jsonl")) };
}

const heldOut = (model: Model) => heldOutData(model, ONE_PROCESS.ranks, undefined);
const BPE = { type: "bpe", vocab_size: 300 } as const;

describe("the text that a run held out", () => {
  test("is that of its data, which is not made again", async () => {
    const { model, data } = await runOn(ENGLISH, BPE);
    const found = await heldOut(model);
    expect(found.warnings).toEqual([]);
    expect(found.data.files).toEqual(data.files);
  });

  test("is in the run's tokens where the data has changed, and a warning says so", async () => {
    const { model, write } = await runOn(ENGLISH, BPE);
    write([...OTHER, ...ENGLISH]);
    const { data, warnings } = await heldOut(model);
    expect(warnings).toEqual([expect.stringMatching(/^the data has changed since the run was/)]);
    expect(data.tokenizer.fingerprint).toBe(model.tokenizer.fingerprint);
    const text = model.tokenizer.decode(readTokens(data.files[1]!, Infinity)!);
    const held = [...OTHER, ...ENGLISH].filter((document) => text.includes(document));
    expect(held.length).toBeGreaterThan(10);
    expect(text).toBe(held.join(""));
  });

  test("has other bytes: a warning says so, too", async () => {
    const { model, write } = await runOn(ENGLISH, { type: "bytes" });
    write(OTHER);
    expect((await heldOut(model)).warnings).toHaveLength(1);
  });

  test("of an imported run is whatever its directory holds", async () => {
    const { model, write } = await runOn(ENGLISH, BPE);
    write(OTHER);
    const { manifest } = model.checkpoint;
    const imported = { ...manifest, identity: { imported_from: "elsewhere" } };
    const checkpoint = { ...model.checkpoint, manifest: imported };
    expect((await heldOut({ ...model, checkpoint })).warnings).toEqual([]);
  });

  test("can be given as a file where the run's own is not there, as that of imported runs", async () => {
    const { model, remove } = await runOn(ENGLISH, BPE);
    remove();
    const error = await errorOf(() => heldOut(model));
    expect(error).toMatchObject({
      code: "DATA_NOT_FOUND",
      message: expect.stringContaining("data.sources.0"),
      hint: expect.stringContaining("flm-train eval RUN FILE --suite perplexity"),
    });
  });

  test("is missed where there is none", async () => {
    const { model } = await runOn(ENGLISH, BPE, 0);
    const error = await errorOf(() => heldOut(model));
    expect(error).toMatchObject({ code: "DATA_EMPTY", hint: expect.stringMatching(/name a file/) });
  });
});
