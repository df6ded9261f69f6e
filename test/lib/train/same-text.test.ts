import { expect, it } from "vitest";
import { readTokens } from "../../../lib/data/corpus/document-index.ts";
import { prepareStages } from "../../../lib/data/prepare-stages.ts";
import type { PreparedData, RowPieces } from "../../../lib/data/types.ts";
import { loadNative } from "../../../lib/native/load.ts";
import { PIECE_FIELDS } from "../../../lib/native/types.ts";
import { sameText } from "../../../lib/train/same-text.ts";
import { randomFrom } from "../../e2e/support/random.ts";
import { configFor, directoryWith } from "../data/support.ts";

/** Stages of 280 and of 320 tokens. */
async function stages(texts: readonly string[], fraction: number): Promise<PreparedData[]> {
  const lines = texts.map((text) => JSON.stringify({ text }));
  const directory = directoryWith({ "a.jsonl": lines.join("\n") });
  const data = { sources: [{ path: "a.jsonl" }], validation: { fraction }, cache_dir: "cache" };
  const config = configFor(directory, data, { type: "bpe", vocab_size: 320 });
  const [only] = config.stages;
  config.stages = [{ ...only!, vocab_size: 280 }, only!];
  return prepareStages(config, { native: loadNative() });
}

/** The text of each piece of a row, and of all its targets. */
function textsOf({ files, tokenizer }: PreparedData, row: RowPieces) {
  const pieces: string[] = [];
  let bytes = 0;
  let inputs = 0;
  for (let at = 0; at < row.length; at += PIECE_FIELDS) {
    const [, file, offset, length] = row.subarray(at, at + PIECE_FIELDS);
    const tokens = readTokens(files[file!]!, length! + 1, offset)!;
    pieces.push(tokenizer.decode(tokens));
    bytes += Buffer.byteLength(tokenizer.decode(tokens.subarray(1)));
    inputs += length!;
  }
  return { pieces, bytes, inputs };
}

const WORDS = ["small", "smaller", "tokens", "than", "those", "of", "the", "larger", "vocabulary"];

function text(document: number, words: number): string {
  const random = randomFrom(document);
  const word = () => WORDS[Math.floor(random() * WORDS.length)]!;
  return Array.from({ length: words }, word).join(" ");
}

it.each([
  ["short documents, several a row", 6],
  ["long documents, of which a row holds the beginning", 200],
])("is the same in both tokens: %s", async (_, words) => {
  const [small, large] = await stages(
    Array.from({ length: 120 }, (__, i) => `${i} ${text(i, words)}`),
    0.3,
  );
  const { before, after } = sameText(small!, large!, 64, 4);
  expect(before.rows).toHaveLength(4);
  const [old, grown] = [
    before.rows.map((row) => textsOf(small!, row)),
    after.rows.map((row) => textsOf(large!, row)),
  ];
  expect(grown.map(({ pieces }) => pieces)).toEqual(old.map(({ pieces }) => pieces));
  const sum = (rows: { bytes: number }[]) => rows.reduce((all, { bytes }) => all + bytes, 0);
  expect([before.bytes, after.bytes]).toEqual([sum(old), sum(grown)]);
  for (const [i, { inputs }] of old.entries()) {
    expect(inputs).toBeLessThanOrEqual(64);
    expect(inputs).toBeGreaterThan(32);
    expect(grown[i]!.inputs).toBeLessThan(inputs);
  }
  // Of validation, whose file comes behind the training file.
  for (const { rows } of [before, after]) for (const row of rows) expect(row[1]).toBe(1);
});

it("is text to train on where none is held out, and ends with it", async () => {
  const [small, large] = await stages([`one ${text(1, 9)}`, `two ${text(2, 9)}`], 0);
  const { before, after } = sameText(small!, large!, 1000, 4);
  expect(textsOf(small!, before.rows[0]!).pieces).toHaveLength(2);
  expect(after.rows).toHaveLength(1);
});
