import { describe, expect, it } from "vitest";
import { json, succeed } from "./support/cli.ts";
import { corpus } from "./support/corpus.ts";
import { project } from "./support/project.ts";

const TOKENS_PER_STEP = 8 * 64;

describe("a model of each family learns what a bigram model cannot", () => {
  it.each(["flm", "llama", "gpt2"] as const)("%s, while it grows", async (family) => {
    const small = {
      num_layers: 1,
      hidden_size: 48,
      num_attention_heads: 3,
      global_batch_size: 8,
      tokens: 120 * TOKENS_PER_STEP,
      warmup_steps: 10,
    };
    const { directory, write } = project({
      model: { family, seq_length: 64 },
      optimizer: { lr: 5e-3, min_lr: 1e-4 },
      growth: { ramp_steps: 30 },
      stages: [small, { ...small, num_layers: 2, hidden_size: 64, num_attention_heads: 4 }],
      checkpoint: { interval_steps: 1000 },
    });
    write("corpus.jsonl", corpus(400));
    const result = json(await succeed(["config.yaml", "--json"], { cwd: directory }));
    const bigram = Number(result.bigram_loss);
    expect(bigram).toBeGreaterThan(1);
    expect(bigram).toBeLessThan(2);
    expect(result.validation_loss).toBeLessThan(0.6 * bigram);
  });
});
