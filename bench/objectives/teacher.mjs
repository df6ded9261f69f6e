// FreeLM's teacher signal against the same texts as plain language data, at equal tokens.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runTraining } from "../../dist/train/train.js";
import { resolveConfig } from "../../dist/config/index.js";
import { openGeneration } from "../../dist/eval/generation.js";

export const ARMS = ["freelm", "language"];
export const TEACHER = { nouns: 100, share: 0.1, seed: 7 };

/** The two arms differ in what is supervised, and in nothing else. */
export function teacherConfig(arm, sources, cache) {
  const teacher =
    arm === "freelm"
      ? { path: sources.teacher, type: "proposition", weight: 9 }
      : { path: sources.teacher_text, weight: 9 };
  return {
    device: "cpu",
    precision: "f32",
    model: { family: "llama", seq_length: 128 },
    tokenizer: { type: "bpe", vocab_size: 768 },
    objective: { type: arm === "freelm" ? "freelm" : "language" },
    data: {
      sources: [{ path: sources.language, weight: 1 }, teacher],
      validation: { fraction: 0.05 },
      cache_dir: cache,
    },
    optimizer: { lr: 3e-3, min_lr: 3e-4 },
    stages: [
      {
        num_layers: 2,
        hidden_size: 64,
        num_attention_heads: 4,
        tokens: TOKENS,
        global_batch_size: 16,
        warmup_steps: 20,
      },
    ],
    logging: { tensorboard: false },
  };
}

const TOKENS = 800_000;

/** Trains one arm and asks it what no sample told. */
export async function runTeacher({ arm, seed, sources, cache, out, test, onStep }) {
  const config = resolveConfig({
    name: `teacher-${arm}-${seed}`,
    seed,
    ...teacherConfig(arm, sources, cache),
  });
  const end = await runTraining(config, { out, observer: { onStep } });
  const language_loss = languageLossOf(out);
  const model = await openGeneration(out);
  try {
    const prompts = test.map(({ text, proposition }) => `${text}\n${proposition}\n`);
    const answers = await model.texts(prompts, { max_tokens: 1, temperature: 0 });
    const right = answers.filter((answer, i) => answer === test[i].label).length;
    const { steps, tokens } = end;
    return { steps, tokens, language_loss, accuracy: right / test.length, questions: test.length };
  } finally {
    await model.close();
  }
}

/** Of the held-out passages, in nats per byte. */
function languageLossOf(run) {
  const events = readFileSync(join(run, "events.jsonl"), "utf8").trimEnd().split("\n");
  const validation = events
    .map((line) => JSON.parse(line))
    .findLast(({ type }) => type === "validation");
  return validation.sources[0].loss;
}
