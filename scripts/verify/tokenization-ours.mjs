// flm-train's side of the comparison of tokenizers: trains one with each split, writes it as SPLIT.json and its ranks as
// SPLIT.tiktoken, and the ids of every text by both to ours.json; of one tokenizer also the forms that others give theirs.
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

const DIGITS = { type: "Digits", individual_digits: true };
/** What a tokenizer.json of GPT-4's or GPT-2's pattern becomes where others publish one. */
const FOREIGN = {
  llama3: (file) => {
    file.model.ignore_merges = true;
    // Words that no merge makes.
    for (const word of ["zqx", "\u0120zqx", "!?!", "\u0120\u0120!"])
      file.model.vocab[word] ??= Object.keys(file.model.vocab).length;
    return file;
  },
  qwen2: (file) => {
    file.normalizer = { type: "NFC" };
    const { pattern } = file.pre_tokenizer.pretokenizers[0];
    pattern.Regex = pattern.Regex.replace("\\p{N}{1,3}", "\\p{N}");
    const first = Object.keys(file.model.vocab).length;
    for (const [i, content] of ["<tool_call>", "</tool_call>", "<t", "  \n"].entries())
      file.added_tokens.push({ ...file.added_tokens[0], id: first + i, content, special: false });
    return file;
  },
  starcoder: (file) => ({
    ...file,
    pre_tokenizer: { type: "Sequence", pretokenizers: [DIGITS, file.pre_tokenizer] },
  }),
};

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
for (const [name, change] of Object.entries(FOREIGN)) {
  const base = name === "starcoder" ? "gpt2" : "gpt4";
  const json = JSON.stringify(
    change(JSON.parse(readFileSync(join(directory, `${base}.json`), "utf8"))),
  );
  writeFileSync(join(directory, `${name}.json`), json);
  ours[name] = { json: await idsOfAll(loadTokenizer(native, json)) };
}
writeFileSync(join(directory, "ours.json"), JSON.stringify(ours));
