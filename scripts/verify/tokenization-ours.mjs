// flm-train's side of the comparison of tokenizers: trains one with each split, writes it as SPLIT.json and its ranks as
// SPLIT.tiktoken, and the ids of every text by both to ours.json.
//   node scripts/verify/tokenization-ours.mjs DIRECTORY      texts.json there has the texts in base64
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tokenizerFileJson } from "../../dist/data/tokenizer/file-json.js";
import { loadTokenizer } from "../../dist/data/tokenizer/load.js";
import { readTokenizerJson } from "../../dist/data/tokenizer/read-json.js";
import { trainTokenizer } from "../../dist/data/tokenizer/train.js";
import { loadNative } from "../../dist/native/load.js";

const VOCAB_SIZE = 12_000;

const root = fileURLToPath(new URL("../..", import.meta.url));
const directory = process.argv[2];
const native = loadNative();
const texts = JSON.parse(readFileSync(join(directory, "texts.json"), "utf8")).map((text) =>
  Buffer.from(text, "base64"),
);

/** Prose, code, and every third of the texts, so that scripts that are not in this repository have merges too. */
async function* trainingText() {
  for (const folder of ["docs", "lib", "native"])
    for (const path of readdirSync(join(root, folder), { recursive: true }).sort())
      if (/\.(md|ts|cpp)$/.test(path)) yield readFileSync(join(root, folder, path));
  for (const [i, text] of texts.entries()) if (i % 3 === 0) yield Buffer.from(text.toString());
}

async function idsOfAll(tokenizer) {
  const ends = [];
  for (const text of texts) ends.push((ends.at(-1) ?? 0) + text.length);
  const encoded = await tokenizer.encodeDocuments(Buffer.concat(texts), Uint32Array.from(ends));
  return texts.map((_, i) => [...encoded.ids.subarray(encoded.ends[i - 1] ?? 0, encoded.ends[i])]);
}

function ranksOf(json) {
  const { vocabulary, eos_id } = readTokenizerJson(json);
  const { bytes, ends } = vocabulary;
  return Array.from(ends.subarray(0, eos_id), (end, rank) => {
    const piece = bytes.subarray(rank === 0 ? 0 : ends[rank - 1], end);
    return `${Buffer.from(piece).toString("base64")} ${rank}\n`;
  }).join("");
}

const ours = {};
for (const split of ["gpt2", "gpt4"]) {
  const { json } = await trainTokenizer(native, trainingText(), split, VOCAB_SIZE);
  const path = join(directory, `${split}.tiktoken`);
  const ranks = ranksOf(json);
  writeFileSync(path, ranks);
  writeFileSync(join(directory, `${split}.json`), json);
  const fromRanks = loadTokenizer(native, tokenizerFileJson(ranks, path, split));
  ours[split] = {
    json: await idsOfAll(loadTokenizer(native, json)),
    tiktoken: await idsOfAll(fromRanks),
  };
}
writeFileSync(join(directory, "ours.json"), JSON.stringify(ours));
