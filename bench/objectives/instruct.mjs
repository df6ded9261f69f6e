// Instruction tuning of a model about as small as examples/quickstart.yaml: does it keep to the form of an answer when
// the words are new?
import { join } from "node:path";
import { resolveConfig } from "../../dist/config/index.js";
import { openGeneration } from "../../dist/eval/generation.js";
import { runTraining } from "../../dist/train/train.js";
import { FORMATS } from "./data.mjs";

export const CHAT = { train: 1500, test: 100, seed: 5 };
const LONGEST_ANSWER = 24;

const SHAPE = { num_layers: 4, hidden_size: 128, num_attention_heads: 4, global_batch_size: 16 };
const COMMON = {
  device: "cpu",
  precision: "f32",
  model: { family: "llama", seq_length: 128 },
  logging: { tensorboard: false },
};

/** The model that is tuned: text alone. */
export function baseConfig(sources, cache) {
  return {
    ...COMMON,
    tokenizer: { type: "bpe", vocab_size: 768 },
    data: {
      sources: [{ path: sources.language }],
      validation: { fraction: 0.05 },
      cache_dir: cache,
    },
    optimizer: { lr: 3e-3, min_lr: 3e-4 },
    stages: [{ ...SHAPE, tokens: 400_000, warmup_steps: 20 }],
  };
}

export function tuningConfig(sources, cache, base) {
  return {
    ...COMMON,
    init: { from: base, optimizer: false },
    tokenizer: { type: "file", path: join(base, "tokenizer.json") },
    objective: { type: "instruct" },
    data: {
      sources: [
        { path: sources.chat, type: "conversation", weight: 4 },
        { path: sources.language, weight: 1 },
      ],
      validation: { fraction: 0.05 },
      cache_dir: cache,
    },
    optimizer: { lr: 1e-3, min_lr: 1e-4 },
    stages: [{ ...SHAPE, tokens: 300_000, warmup_steps: 10 }],
  };
}

/** Trains and tunes with one seed, and asks for every form about every held-out word. */
export async function runInstruct({ seed, sources, cache, out, words, onStep }) {
  const train = (name, config) =>
    runTraining(resolveConfig({ name: `${name}-${seed}`, seed, ...config }), {
      out: join(out, name),
      observer: { onStep },
    });
  const base = join(out, "base");
  const { tokens } = await train("base", baseConfig(sources, cache));
  const tuned = await train("tuned", tuningConfig(sources, cache, base));
  return {
    tokens: tokens + tuned.tokens,
    base: await shareInForm(base, words),
    tuned: await shareInForm(join(out, "tuned"), words),
    words: words.length,
  };
}

/** Of the answers, for each format: those of its form, and those that are right. */
async function shareInForm(run, words) {
  const model = await openGeneration(run);
  try {
    const shares = {};
    for (const { name, ask, answer, form } of FORMATS) {
      const prompts = words.map((word) => `User:\n${ask(word)}\nAssistant:\n`);
      const texts = await model.texts(prompts, { max_tokens: LONGEST_ANSWER, temperature: 0 });
      shares[name] = {
        in_form: texts.filter((text) => form.test(text)).length / words.length,
        right: texts.filter((text, i) => text === answer(words[i])).length / words.length,
      };
    }
    return shares;
  } finally {
    await model.close();
  }
}
