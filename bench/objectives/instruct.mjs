// Instruction tuning of the quickstart's model: does it keep to the form of an answer when the words are new?
import { join } from "node:path";
import { resolveConfig } from "../../dist/config/index.js";
import { runTraining } from "../../dist/train/train.js";
import { shareInForm } from "./answers.mjs";
import { FORMATS } from "./data.mjs";

export const CHAT = { train: 1500, test: 100, seed: 5 };

/** @param base the quickstart's run; the shape is that of its last stage */
export function tuningConfig(sources, cache, base) {
  return {
    device: "cpu",
    precision: "f32",
    model: { family: "llama", seq_length: 128 },
    logging: { tensorboard: false },
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
    stages: [
      {
        num_layers: 6,
        hidden_size: 192,
        num_attention_heads: 6,
        tokens: 300_000,
        global_batch_size: 16,
        warmup_steps: 10,
      },
    ],
  };
}

/** Tunes with one seed, and asks for every form about every held-out word. */
export async function runInstruct({ seed, base, sources, cache, out, words, onStep }) {
  const config = { name: `tuned-${seed}`, seed, ...tuningConfig(sources, cache, base) };
  const { tokens } = await runTraining(resolveConfig(config), { out, observer: { onStep } });
  return {
    tokens,
    base: await shareInForm(base, FORMATS, words),
    tuned: await shareInForm(out, FORMATS, words),
    words: words.length,
  };
}
