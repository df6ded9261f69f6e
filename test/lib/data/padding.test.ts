import { expect, it } from "vitest";
import { paddingShare, paddingWarnings } from "../../../lib/data/padding.ts";
import { prepareData } from "../../../lib/data/prepare.ts";
import { loadNative } from "../../../lib/native/load.ts";
import { configFor, directoryWith } from "./support.ts";

/** One source of so many documents of 11 bytes and an end. */
async function prepared(packing: boolean) {
  const lines = Array.from({ length: 64 }, (_, i) =>
    JSON.stringify({ text: `document ${i + 10}` }),
  );
  const directory = directoryWith({ "a.jsonl": lines.join("\n") });
  const config = configFor(directory, {
    sources: [{ path: "a.jsonl" }],
    validation: { fraction: 0 },
    cache_dir: "cache",
    packing,
  });
  return { config, data: await prepareData(config, { native: loadNative() }) };
}

it("is the rest of each row where a row holds one document", async () => {
  const { config, data } = await prepared(false);
  const { seq_length } = config.stages[0]!;
  expect(paddingShare(data.stream().next(10, seq_length), 10, seq_length)).toBe(
    1 - 11 / seq_length,
  );
  const percent = (100 * (1 - 11 / seq_length)).toFixed(1);
  expect(paddingWarnings(config, [data])).toEqual([
    expect.stringMatching(new RegExp(`data\\.packing is false: ${percent} % .* in stage only`)),
  ]);
});

it("is none where rows are packed, and nothing is said of it", async () => {
  const { config, data } = await prepared(true);
  expect(paddingShare(data.stream().next(1, 64), 1, 64)).toBe(0);
  expect(paddingWarnings(config, [data])).toEqual([]);
});
