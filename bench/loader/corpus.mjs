// What the loader's benchmark works on, made in a scratch directory.
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { TokenFileWriter } from "../../dist/data/corpus/token-file-writer.js";
import { findFiles } from "../../dist/data/read/glob.js";
import { trainTokenizer } from "../../dist/data/tokenizer/train.js";
import { loadNative } from "../../dist/native/load.js";

/** Documents of 50 to 2000 random tokens of 16 bits. Returns the paths of so many files of `tokens` each. */
export async function randomTokenFiles(directory, count, tokens) {
  let state = 12345;
  const random = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const paths = [];
  for (let file = 0; file < count; file++) {
    paths.push(join(directory, `${file}.tok`));
    const writer = await TokenFileWriter.create(paths[file], 50_000, 0);
    for (let left = tokens; left > 0;) {
      const documents = [];
      for (let i = 0; i < 1000 && left > 0; i++) {
        const ids = Uint32Array.from({ length: 50 + random(1950) }, () => 1 + random(49_999));
        documents.push(ids);
        left -= ids.length + 1;
      }
      await writer.append(documents);
    }
    await writer.finish();
    await writer.close();
  }
  return paths;
}

/** The files that the patterns name as one text of at most `bytes`, with a tokenizer trained on it: a tokenizer's job. */
export async function textAndTokenizer(directory, patterns, bytes, vocab_size, split) {
  const documents = [];
  let size = 0;
  for (const path of patterns.flatMap((pattern) => findFiles(pattern))) {
    // Both sides get valid UTF-8.
    const text = Buffer.from((await readFile(path)).toString());
    if (text.length === 0 || size + text.length > bytes) continue;
    documents.push(text);
    size += text.length;
  }
  let end = 0;
  const ends = Uint32Array.from(documents, (text) => (end += text.length));
  const job = {
    tokenizer: join(directory, "tokenizer.json"),
    text: join(directory, "text"),
    ends: join(directory, "ends"),
  };
  writeFileSync(job.text, Buffer.concat(documents));
  writeFileSync(job.ends, new Uint8Array(ends.buffer));
  const { json } = await trainTokenizer(loadNative(), each(documents), split, vocab_size);
  writeFileSync(job.tokenizer, json);
  return job;
}

async function* each(items) {
  yield* items;
}
