// Memory and time of training a tokenizer, and of tokenizing with it, on corpora of several sizes: memory must not follow
// the size. How to read it: docs/data.md, "Tokenizers". Needs the built addon and dist/, and twice the text's size on disk.
// --help lists the options.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFiles } from "../../dist/data/read/glob.js";
import { root } from "../../scripts/support/files.mjs";
import { describeCommit, describeMachine } from "../step/machine.mjs";
import { readOptions } from "../support/options.mjs";
import { writeVariedText } from "./varied-text.mjs";

const options = readOptions("node bench/tokenizer-training/main.mjs", {
  megabytes: {
    value: "N,N",
    list: true,
    least: 1,
    default: "100,300,1000",
    help: "of each corpus",
  },
  vocab: { value: "N", least: 257, default: 32000, help: "size of the vocabulary" },
  out: { value: "FILE", help: "results as JSON (default: none are written)" },
});

const machine = describeMachine();
const files = ["md", "d.ts", "js"].flatMap((ending) =>
  findFiles(join(root, `node_modules/**/*.${ending}`)),
);
const runs = [];
for (const megabytes of options.megabytes) {
  const scratch = mkdtempSync(join(tmpdir(), "flm-tokenizer-"));
  try {
    const path = join(scratch, "text.jsonl");
    writeVariedText(path, 1e6 * megabytes, files);
    const run = { megabytes, ...prepare(path, scratch) };
    runs.push(run);
    print(run);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
if (options.out) {
  const made = { date: new Date().toISOString(), commit: describeCommit(), machine };
  writeFileSync(options.out, `${JSON.stringify({ ...made, runs }, null, 2)}\n`);
}

function prepare(path, cache_dir) {
  const config = {
    name: "tokenizer-training",
    model: { family: "llama", seq_length: 128 },
    tokenizer: { type: "bpe", vocab_size: options.vocab },
    data: { sources: [{ path }], validation: { fraction: 0.01 }, cache_dir },
    stages: [{ num_layers: 1, hidden_size: 32, num_attention_heads: 1, tokens: 4096 }],
  };
  const child = join(import.meta.dirname, "prepare.mjs");
  return JSON.parse(execFileSync(process.execPath, [child, JSON.stringify(config)]));
}

function print({ megabytes, vocab_size, cpu_s, phases, warnings }) {
  console.log(`${megabytes} MB: vocabulary ${vocab_size}, ${cpu_s} s of processor time`);
  for (const { phase, began_s, ended_s, peak_mb } of phases)
    console.log(
      `  ${phase}: ${(ended_s - began_s).toFixed(1)} s, at most ${peak_mb} MB in the process so far`,
    );
  for (const warning of warnings) console.log(`  ${warning}`);
}
