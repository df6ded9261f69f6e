// Compares exported GGUF files with llama.cpp: token ids, probabilities of f32 weights, perplexity of q8_0 weights.
//   node scripts/verify/gguf.mjs [FOLDER]
// FOLDER (default: verify/ beside package.json) has node-llama-cpp installed: npm install --prefix verify node-llama-cpp.
// Needs the built addon and dist/ (npm run build). The last line is exactly "N passed, N failed"; the exit code is 1 when
// something failed. Without node-llama-cpp nothing is compared, which it says, and the exit code is 0.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createModelEngine, findModel } from "../../dist/eval/open-model.js";
import { scoreContinuations } from "../../dist/eval/score-continuations.js";
import { exportModel, train } from "../../dist/index.js";
import { NO_RAMP } from "../../dist/growth/ramp.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, "verify"));
const entry = join(folder, "node_modules/node-llama-cpp/dist/index.js");
if (!existsSync(entry)) {
  console.log(`verify: skipped, there is no node-llama-cpp in ${folder}`);
  process.exit(0);
}
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href);

const PROBABILITY_LIMIT = 1e-3; // absolute, of the five likeliest tokens
const PERPLEXITY_LIMIT = 0.01; // relative
const CONTEXT = 128;
/** How words are cut, and how RoPE is scaled. */
const CASES = {
  gpt4: { split: "gpt4", rope_scaling: null },
  gpt2: { split: "gpt2", rope_scaling: null },
  linear: { split: "gpt2", rope_scaling: { type: "linear", factor: 4 } },
  llama3: {
    split: "gpt2",
    rope_scaling: {
      type: "llama3",
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: CONTEXT / 4,
    },
  },
};
const TEXTS = [
  "The model grows.",
  "  Two spaces,\n\ntwo lines; it's 12345 o'clock — 你好 🙂",
  "flm-train starts small and becomes wider and deeper",
];

let passed = 0;
let failed = 0;
function check(what, note, holds) {
  if (holds) passed++;
  else failed++;
  console.log(`${what.padEnd(44)} ${note.padEnd(32)} ${holds ? "ok" : "FAILED"}`);
}

const work = mkdtempSync(join(tmpdir(), "flm-verify-"));
try {
  for (const name of Object.keys(CASES)) await verify(name, join(work, name));
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

async function verify(name, directory) {
  const run = join(directory, "run");
  await trainSmall(CASES[name], directory, run);
  const ours = await openOurs(run);
  const text = readFileSync(join(root, "docs/growth.md"), "utf8");
  const measured = (await ours.tokenizer.encode(text)).slice(0, CONTEXT);
  const expected = await ours.logProbabilities(measured);
  for (const dtype of ["f32", "q8_0"]) {
    const out = join(directory, dtype);
    const { files } = await exportModel(run, { format: "gguf", out, dtype });
    const theirs = await openTheirs(join(out, files[0]));
    if (dtype === "f32") {
      await compareTokens(name, ours, theirs);
      await compareProbabilities(name, ours, theirs);
    }
    const perplexity = perplexityOf(await theirs.logProbabilities(measured));
    const error = Math.abs(perplexity / perplexityOf(expected) - 1);
    check(
      `${name} ${dtype} perplexity`,
      `${perplexity.toFixed(3)}, off by ${percent(error)}`,
      error < PERPLEXITY_LIMIT,
    );
    await theirs.close();
  }
  await ours.close();
}

/** muP multipliers, grouped queries and a shared head: everything that an export has to translate. */
async function trainSmall({ split, rope_scaling }, directory, run) {
  await train(
    {
      name: "small",
      device: "cpu",
      precision: "f32",
      model: {
        family: "llama",
        seq_length: CONTEXT,
        tie_embeddings: true,
        rope_scaling,
        mup: { base_hidden_size: 32, input_mult: 2, output_mult: 3 },
      },
      tokenizer: { type: "bpe", vocab_size: 600, split },
      data: { sources: [{ path: join(root, "docs/*.md") }], cache_dir: join(directory, "cache") },
      optimizer: { lr: 1e-2 },
      stages: [
        {
          num_layers: 2,
          hidden_size: 64,
          num_attention_heads: 4,
          num_kv_heads: 2,
          tokens: 40 * 4 * CONTEXT,
          global_batch_size: 4,
        },
      ],
    },
    { out: run },
  );
}

async function openOurs(run) {
  const model = await findModel(run);
  const engine = await createModelEngine(model, 1);
  const { seq_length, vocab_size } = model.plan.shape;
  const scoring = { engine, files: [], micro_batch_size: 1, seq_length, vocab_size, ramp: NO_RAMP };
  return {
    tokenizer: model.tokenizer,
    /** Of every token but the first, behind all in front of it. */
    logProbabilities: (tokens) =>
      scoreContinuations(
        scoring,
        Array.from(tokens.subarray(1), (_, i) => ({
          prompt: tokens.subarray(0, i + 1),
          continuation: tokens.subarray(i + 1, i + 2),
        })),
      ),
    /** Of every token behind these. */
    next: async (prompt) => {
      const scores = await scoreContinuations(
        scoring,
        Array.from({ length: vocab_size }, (_, id) => ({
          prompt,
          continuation: Int32Array.of(id),
        })),
      );
      return scores.map(Math.exp);
    },
    close: () => engine.close(),
  };
}

async function openTheirs(modelPath) {
  const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error });
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({
    contextSize: CONTEXT,
    flashAttention: false,
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
  });
  const sequence = context.getSequence();
  const evaluate = async (tokens) => {
    await sequence.clearHistory();
    const asked = tokens.map((token) => [token, { generateNext: { probabilities: true } }]);
    return sequence.controlledEvaluate(asked);
  };
  return {
    tokenize: (text) => model.tokenize(text, false),
    next: async (prompt) => (await evaluate([...prompt])).at(-1).next.probabilities,
    logProbabilities: async (tokens) => {
      const results = await evaluate([...tokens]);
      return Array.from(tokens.subarray(1), (token, i) =>
        Math.log(results[i].next.probabilities.get(token)),
      );
    },
    close: () => model.dispose(),
  };
}

async function compareTokens(name, ours, theirs) {
  for (const text of TEXTS) {
    const wanted = [...(await ours.tokenizer.encode(text))];
    const found = theirs.tokenize(text);
    check(`${name} token ids`, `${wanted.length} tokens`, `${wanted}` === `${found}`);
  }
}

async function compareProbabilities(name, ours, theirs) {
  let worst = 0;
  for (const text of TEXTS) {
    const prompt = await ours.tokenizer.encode(text);
    const wanted = await ours.next(prompt);
    const found = await theirs.next(prompt);
    const likeliest = wanted.map((p, id) => [p, id]).sort(([a], [b]) => b - a);
    for (const [p, id] of likeliest.slice(0, 5))
      worst = Math.max(worst, Math.abs(p - (found.get(id) ?? 0)));
  }
  check(
    `${name} f32 five likeliest tokens`,
    `off by ${worst.toExponential(1)}`,
    worst < PROBABILITY_LIMIT,
  );
}

function perplexityOf(logProbabilities) {
  return Math.exp(
    -logProbabilities.reduce((sum, value) => sum + value, 0) / logProbabilities.length,
  );
}

function percent(share) {
  return `${(100 * share).toFixed(3)} %`;
}
