// Tokens/s from token files to batches on one core, and MB/s of the tokenizer beside Hugging Face's, on words that it has
// not met and on words that it has, in turns within one run. How to read it: bench/README.md. Needs the built addon, dist/
// and flm_gather_bench (CMake target); --help lists the options.
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PassageIndex } from "../../dist/data/stream/passages.js";
import { readDocumentIndex } from "../../dist/data/corpus/document-index.js";
import { TrainingStream } from "../../dist/data/stream/training-stream.js";
import { root } from "../../scripts/support/files.mjs";
import { Contender } from "../step/contender.mjs";
import { describeCommit, describeMachine } from "../step/machine.mjs";
import { median, takeTurns } from "../step/measure.mjs";
import { readOptions } from "../support/options.mjs";
import { randomTokenFiles, textAndTokenizer } from "./corpus.mjs";

const options = readOptions("node bench/loader/main.mjs", {
  rounds: { value: "N", least: 1, default: 9, help: "of each contender" },
  text: {
    value: "PATTERN",
    multiple: true,
    default: ["md", "d.ts", "js"].map((ending) => join(root, `node_modules/**/*.${ending}`)),
    help: "what is tokenized",
  },
  vocab: { value: "N", least: 257, default: 8192, help: "size of the tokenizer's vocabulary" },
  split: { value: "NAME", among: ["gpt2", "gpt4"], default: "gpt4", help: "its pre-tokenizer" },
  gather: {
    value: "FILE",
    default: join(root, "build-native/flm_gather_bench"),
    help: "a CMake target",
  },
  python: {
    value: "PROGRAM",
    help: "an interpreter that has tokenizers (default: Hugging Face's is not timed)",
  },
  out: { value: "FILE", help: "results as JSON (default: none are written)" },
});
const WARMUP = 2;
const LOADER = { rows: 64, seq_length: 2048, batches: 16 };
const SOURCES = 3;
const TEXT_BYTES = 32e6;

const machine = describeMachine();
const scratch = mkdtempSync(join(tmpdir(), "flm-loader-"));
try {
  const loader = await measureLoader();
  const tokenizer = await measureTokenizer();
  print(loader, tokenizer);
  if (options.out) {
    const made = { date: new Date().toISOString(), commit: describeCommit(), machine };
    const protocol = { rounds: options.rounds, warmup: WARMUP, order: "in turns, rotated" };
    const all = { ...made, protocol, loader, tokenizer };
    writeFileSync(options.out, `${JSON.stringify(all, null, 2)}\n`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Deciding and gathering follow each other in a run, so on one core their times add up. */
async function measureLoader() {
  const files = await randomTokenFiles(scratch, SOURCES, 8e6);
  const pieces = join(scratch, "pieces");
  writeFileSync(pieces, new Uint8Array(piecesOfAllBatches(files).buffer));
  const { rows, seq_length } = LOADER;
  const node = [process.execPath, [join(import.meta.dirname, "stream.mjs")]];
  const stream = new Contender("deciding", ...node, { files, ...LOADER });
  const args = [pieces, String(rows), ...files];
  const gather = new Contender("gathering", resolve(options.gather), args, seq_length);
  const steps = await turns([stream, gather]);
  const { tokens } = steps.get(stream).hello;
  const cpu_ms = steps.get(stream).cpu_ms + steps.get(gather).cpu_ms;
  return {
    ...{ ...LOADER, sources: SOURCES, tokens },
    deciding_ms: steps.get(stream).cpu_ms,
    gathering_ms: steps.get(gather).cpu_ms,
    tokens_per_cpu_second: (1000 * tokens) / cpu_ms,
  };
}

/** As `TrainingStream` gives them, but with the rows of all batches numbered through. */
function piecesOfAllBatches(files) {
  const packing = { document_mask: true, packing: true };
  const sources = files.map((path, file) => ({
    file,
    passages: new PassageIndex(readDocumentIndex(path), packing, LOADER.seq_length),
    weight: file + 1,
  }));
  const stream = new TrainingStream(sources, packing, 1, undefined);
  return stream.next(LOADER.batches * LOADER.rows, LOADER.seq_length);
}

async function measureTokenizer() {
  const job = await textAndTokenizer(
    scratch,
    options.text.map((pattern) => resolve(pattern)),
    TEXT_BYTES,
    options.vocab,
    options.split,
  );
  const first_pass = await passes({ ...job, fresh: true });
  const again = await passes({ ...job, fresh: false });
  const ids = new Set([...first_pass, ...again].map(({ sha256 }) => sha256));
  return {
    bytes: statSync(job.text).size,
    vocab_size: options.vocab,
    split: options.split,
    same_ids: ids.size === 1,
    first_pass,
    again,
  };
}

/** Both sides encode the text, in turns. */
async function passes(job) {
  const script = (name) => join(import.meta.dirname, name);
  const ours = new Contender("flm-train", process.execPath, [script("tokenizer.mjs")], job);
  const theirs =
    options.python &&
    new Contender("tokenizers", options.python, [script("hf_tokenizers.py")], job);
  const steps = await turns(theirs ? [ours, theirs] : [ours]);
  return [...steps].map(([{ name }, { hello, cpu_ms, tokens, sha256, rounds }]) => ({
    ...{ name, version: hello.version, tokens, sha256, cpu_ms },
    megabytes_per_cpu_second: hello.bytes / 1e3 / cpu_ms,
    rounds,
  }));
}

/** By contender: its first answer, the last one, and the median of the processor time. */
async function turns(contenders) {
  try {
    const hellos = [];
    for (const contender of contenders) hellos.push(await contender.hello());
    const rounds = options.rounds;
    const steps = await takeTurns(contenders, {
      ...{ warmup: WARMUP, rounds },
      onFailure: (_, error) => {
        throw error;
      },
      onRound: (round) => console.error(`round ${round} of ${rounds}`),
    });
    return new Map(
      [...steps].map(([contender, all], i) => {
        const times = all.map(({ cpu_ms }) => cpu_ms);
        const measured = { ...all.at(-1), cpu_ms: median(times), rounds: times };
        return [contender, { hello: hellos[i], ...measured }];
      }),
    );
  } finally {
    for (const contender of contenders) await contender.close();
  }
}

function print(loader, { first_pass, again, same_ids, bytes }) {
  const { tokens_per_cpu_second, deciding_ms, gathering_ms } = loader;
  console.log(
    `loader: ${(tokens_per_cpu_second / 1e6).toFixed(1)} M tokens/s of processor time ` +
      `(deciding ${deciding_ms.toFixed(0)} ms, gathering ${gathering_ms.toFixed(0)} ms of ${loader.tokens} tokens)`,
  );
  for (const [pass, contenders] of Object.entries({ "first pass": first_pass, again }))
    for (const { name, version, megabytes_per_cpu_second } of contenders)
      console.log(
        `${pass}: ${name}${version ? ` ${version}` : ""} ${megabytes_per_cpu_second.toFixed(1)} MB/s of processor time`,
      );
  if (again.length > 1)
    console.log(`the same ids of ${(bytes / 1e6).toFixed(1)} MB: ${same_ids ? "yes" : "NO"}`);
  if (!machine.quiet) console.log(`The machine was busy (${machine.busy_before}).`);
}
