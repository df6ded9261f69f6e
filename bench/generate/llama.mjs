// llama.cpp, through node-llama-cpp, as a contender. The job: { shape, precision, threads, folder }: `folder` has
// node-llama-cpp installed. A step writes `tokens` tokens of one sequence; weights are random.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { resolveConfig } from "../../dist/config/resolve.js";
import { loadTokenizer } from "../../dist/data/tokenizer/load.js";
import { writeGguf } from "../../dist/export/gguf/write.js";
import { planStages } from "../../dist/growth/stage-plan.js";
import { loadNative } from "../../dist/native/load.js";
import { parameterTable } from "../../dist/scaling/parameters.js";
import { answerRequests, say } from "../step/answers.mjs";
import { SEQ_LENGTH } from "./shapes.mjs";

/** It has no cache in bf16; f16 is as large. */
const TYPES = {
  f32: { weights: "f32", cache: "F32" },
  bf16: { weights: "bf16", cache: "F16" },
  int8: { weights: "q8_0", cache: "F16" },
};

const job = JSON.parse(process.argv.at(-1));
const { vocab_size, tokens, head_size, ...stage } = job.shape;
const types = TYPES[job.precision];
const folder = mkdtempSync(join(tmpdir(), "flm-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const modelPath = join(folder, "model.gguf");
await writeRandomModel();

const entry = join(job.folder, "node_modules/node-llama-cpp/dist/index.js");
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href);
const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({
  contextSize: SEQ_LENGTH,
  threads: job.threads,
  experimentalKvCacheKeyType: types.cache,
  experimentalKvCacheValueType: types.cache,
});
const sequence = context.getSequence();

async function writeRandomModel() {
  const config = resolveConfig({
    name: "bench-generate",
    device: "cpu",
    model: { family: "llama", seq_length: SEQ_LENGTH, vocab_size, head_size },
    data: { sources: [{ path: "unused" }] },
    stages: [{ ...stage, tokens: 1, global_batch_size: 1 }],
  });
  const [plan] = planStages(config, vocab_size);
  const sizes = new Map(
    parameterTable(plan.shape).map(({ name, shape: [rows, cols] }) => [name, { rows, cols }]),
  );
  // The same numbers again and again: only their count matters.
  const drawn = Float32Array.from({ length: 1 << 20 }, () => 0.04 * (Math.random() - 0.5));
  const source = {
    sizeOf: (name) => sizes.get(name),
    read(name, _, rows) {
      const count = rows * sizes.get(name).cols;
      if (count <= drawn.length) return drawn.slice(0, count);
      return Float32Array.from({ length: count }, (_value, i) => drawn[i % drawn.length]);
    },
  };
  const tokenizer = loadTokenizer(loadNative(), "bytes");
  const options = { type: types.weights, name: "bench" };
  await writeGguf(modelPath, plan, source, tokenizer, options);
}

const PROMPT = Array.from({ length: 16 }, (_, i) => i + 1);
/** Tokens one by one, each evaluated when the next is asked for; as long as the context lasts. */
let writing;
let length = SEQ_LENGTH;

async function begin() {
  await sequence.clearHistory();
  writing = sequence.evaluate(PROMPT, { temperature: 0, yieldEogToken: true });
  await writing.next();
  length = PROMPT.length + 1;
}

async function step() {
  if (length + tokens >= SEQ_LENGTH) await begin();
  const start = performance.now();
  for (let i = 0; i < tokens; i++)
    if ((await writing.next()).done) throw new Error("the text ended");
  const ms = performance.now() - start;
  length += tokens;
  return { ms, length: length - tokens / 2 };
}

say({ llama_cpp: llama.llamaCppRelease?.release ?? "unknown" });
await answerRequests({ step });
await model.dispose();
process.exit(0);
