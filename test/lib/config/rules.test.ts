import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import type { UserConfig } from "../../../lib/config/types.ts";
import { failure, userConfig } from "./fixtures.ts";

type Stages = Parameters<typeof userConfig>[0];

interface Case {
  what: string;
  stages?: Stages;
  rest?: Partial<UserConfig>;
  path: string;
  /** What the message must say: both sides of the contradiction. */
  says: readonly string[];
}

const BPE: Partial<UserConfig> = { tokenizer: { type: "bpe", vocab_size: 512 } };

const LLAMA3 = {
  type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
} as const;

const cases: Case[] = [
  {
    what: "heads that do not divide the width",
    stages: [{ num_attention_heads: 3 }],
    path: "stages.0.num_attention_heads",
    says: ["3", "hidden_size 64"],
  },
  {
    what: "a head size that changes between stages",
    stages: [{}, { hidden_size: 128 }],
    path: "stages.1.num_attention_heads",
    says: ["128 / 4", "16", "use 8 heads"],
  },
  {
    what: "an odd head size under rotation",
    rest: { model: { head_size: 5 } },
    path: "model.head_size",
    says: ["5 is odd", "rope"],
  },
  {
    what: "scaled RoPE without RoPE",
    rest: { model: { family: "flm", rope_scaling: { type: "linear", factor: 2 } } },
    path: "model.rope_scaling",
    says: ["RoPE", "position_embedding is xpos"],
  },
  {
    what: "Llama 3's scaling without the context that it comes from",
    rest: { model: { rope_scaling: { ...LLAMA3, original_max_position_embeddings: null } } },
    path: "model.rope_scaling.original_max_position_embeddings",
    says: ["missing", "llama3 needs it"],
  },
  {
    what: "linear scaling with what Llama 3's has",
    rest: { model: { rope_scaling: { type: "linear", factor: 2, low_freq_factor: 1 } } },
    path: "model.rope_scaling.low_freq_factor",
    says: ["llama3 alone"],
  },
  {
    what: "fast components that are not faster than slow ones",
    rest: { model: { rope_scaling: { ...LLAMA3, high_freq_factor: 1 } } },
    path: "model.rope_scaling.high_freq_factor",
    says: ["1 is not above low_freq_factor 1"],
  },
  {
    what: "xPos factors that leave the range of f32",
    stages: [{ seq_length: 65_537 }],
    rest: { model: { family: "flm", seq_length: 65_537 } },
    path: "model.seq_length",
    says: ["65537", "65536", "xpos", "rope"],
  },
  {
    what: "such factors in one stage",
    stages: [{}, { seq_length: 80_000 }],
    rest: { model: { family: "flm", seq_length: 1024 } },
    path: "stages.1.seq_length",
    says: ["80000", "65536", "xpos"],
  },
  {
    what: "a vocabulary that shrinks",
    stages: [{ vocab_size: 400 }, { vocab_size: 300 }],
    rest: BPE,
    path: "stages.1.vocab_size",
    says: ["300 would shrink", "400 tokens", "use 400 or more"],
  },
  {
    what: "a vocabulary that shrinks from all of the tokenizer's",
    stages: [{}, { vocab_size: 300 }],
    rest: { tokenizer: { type: "file", path: "t.json" } },
    path: "stages.1.vocab_size",
    says: ["300 would shrink", "has all of the tokenizer's", "use null"],
  },
  {
    what: "fewer tokens than bytes",
    stages: [{ vocab_size: 256 }, {}],
    rest: BPE,
    path: "stages.0.vocab_size",
    says: ["256 is below the 256 bytes and", "use 257 or more"],
  },
  {
    what: "more tokens than the tokenizer is to have",
    stages: [{ vocab_size: 513 }],
    rest: BPE,
    path: "stages.0.vocab_size",
    says: ["513 is above tokenizer.vocab_size 512"],
  },
  {
    what: "a smaller vocabulary of a tokenizer without merges",
    stages: [{ vocab_size: 257 }],
    path: "stages.0.vocab_size",
    says: ["257 needs merges", "bytes has none"],
  },
  {
    what: "a vocabulary that grows while answers are compared",
    stages: [{ vocab_size: 300 }],
    rest: { ...BPE, objective: { type: "dpo" } },
    path: "stages.0.vocab_size",
    says: ["300 does not go with objective.type dpo"],
  },
  {
    what: "bf16 moments that decay by less than they are rounded",
    rest: { optimizer: { state_precision: "bf16", adam_beta2: 0.999 } },
    path: "optimizer.state_precision",
    says: ["adam_beta2 0.999", "use f32"],
  },
  {
    what: "bf16 moments of which the first decays too slowly",
    rest: { optimizer: { state_precision: "bf16", adam_beta1: 0.999 } },
    path: "optimizer.state_precision",
    says: ["adam_beta1 0.999", "use f32"],
  },
  {
    what: "KV heads that do not divide the heads",
    stages: [{ num_kv_heads: 3 }],
    path: "stages.0.num_kv_heads",
    says: ["3", "num_attention_heads 4"],
  },
  {
    what: "a batch that does not split into micro-batches",
    stages: [{ global_batch_size: 10, micro_batch_size: 4 }],
    path: "stages.0.global_batch_size",
    says: ["10", "micro_batch_size 4", "use 8 or 12"],
  },
  {
    what: "a batch that does not split over ranks",
    stages: [{ global_batch_size: 8, micro_batch_size: 2, parallel: { data_parallel_size: 3 } }],
    path: "stages.0.global_batch_size",
    says: ["8", "data_parallel_size 3 = 6", "use 6 or 12"],
  },
  ...(["num_layers", "hidden_size", "ffn_hidden_size"] as const).map((key) => ({
    what: `a ${key} that shrinks`,
    stages: [{ [key]: 64 }, { [key]: 48, num_attention_heads: key === "hidden_size" ? 3 : 4 }],
    path: `stages.1.${key}`,
    says: ["64 (stage-1)", "48 (stage-2)"],
  })),
  {
    what: "KV heads and their ratio changing together",
    stages: [
      { num_attention_heads: 4, num_kv_heads: 2 },
      { hidden_size: 128, num_attention_heads: 8, num_kv_heads: 8 },
    ],
    path: "stages.1.num_kv_heads",
    says: ["4 query heads on 2", "8 on 8", "2 query heads to a KV head"],
  },
  {
    what: "a ramp longer than its stage",
    stages: [{}, { num_layers: 8, growth: { ramp_steps: 100 } }],
    path: "stages.1.growth.ramp_steps",
    says: ["100", "100 steps", "99"],
  },
  {
    what: "a warm-up longer than its stage",
    stages: [{ warmup_steps: 100 }],
    path: "stages.0.warmup_steps",
    says: ["100", "25600 tokens / (8 · 32)"],
  },
  {
    what: "a rate below the smallest",
    stages: [{ lr: 1e-7 }],
    path: "stages.0.lr",
    says: ["1e-7", "min_lr 0.000006"],
  },
  {
    what: "two stages of one name",
    stages: [{ name: "a" }, { name: "a" }],
    path: "stages.1.name",
    says: ["a", "stage 0"],
  },
  {
    what: "a stage that outgrows the learned positions",
    stages: [{ seq_length: 64 }],
    rest: { model: { family: "gpt2", seq_length: 32 } },
    path: "stages.0.seq_length",
    says: ["64", "32"],
  },
  {
    what: "tensor parallelism that splits heads",
    stages: [{ num_attention_heads: 4, parallel: { tensor_parallel_size: 8 } }],
    path: "stages.0.parallel.tensor_parallel_size",
    says: ["8", "num_attention_heads 4"],
  },
  {
    what: "tensor parallelism that splits KV heads unevenly",
    stages: [
      {
        hidden_size: 96,
        num_attention_heads: 6,
        num_kv_heads: 2,
        ffn_hidden_size: 96,
        parallel: { tensor_parallel_size: 3 },
      },
    ],
    path: "stages.0.parallel.tensor_parallel_size",
    says: ["3", "num_kv_heads 2"],
  },
  {
    what: "more pipeline pieces than layers",
    stages: [{ parallel: { pipeline_parallel_size: 3, virtual_pipeline_size: 2 } }],
    path: "stages.0.parallel.pipeline_parallel_size",
    says: ["needs 6 layers", "num_layers is 4"],
  },
  {
    what: "bpe without a size",
    rest: { tokenizer: { type: "bpe" } },
    path: "tokenizer.vocab_size",
    says: ["missing"],
  },
  {
    what: "a size for bytes",
    rest: { tokenizer: { vocab_size: 300 } },
    path: "tokenizer.vocab_size",
    says: ["300", "type bytes"],
  },
  {
    what: "file without a path",
    rest: { tokenizer: { type: "file" } },
    path: "tokenizer.path",
    says: ["missing"],
  },
  {
    what: "a path without file",
    rest: { tokenizer: { path: "t.json" } },
    path: "tokenizer.path",
    says: ["type bytes"],
  },
  {
    what: "an embedding smaller than the tokenizer",
    rest: { tokenizer: { type: "bpe", vocab_size: 300 }, model: { vocab_size: 299 } },
    path: "model.vocab_size",
    says: ["299", "300"],
  },
];

describe("refused, with both numbers", () => {
  test.each(cases)("$what", ({ stages, rest, path, says }) => {
    const action = () => resolveConfig(userConfig(stages, rest));
    const issue = failure(action).issues.find((candidate) => candidate.path === path);
    expect(issue, `no issue at ${path}`).toBeDefined();
    for (const text of says) expect(issue!.message).toContain(text);
  });
});

describe("allowed", () => {
  test.each<{ what: string; stages: Stages; rest?: Partial<UserConfig> }>([
    {
      what: "xPos as far as f32 holds its factors",
      stages: [{ seq_length: 65_536 }],
      rest: { model: { family: "flm", seq_length: 65_536 } },
    },
    {
      what: "whole groups at the old ratio",
      stages: [{ num_kv_heads: 2 }, { hidden_size: 128, num_attention_heads: 8, num_kv_heads: 4 }],
    },
    {
      what: "more queries to each old KV head",
      stages: [{ num_kv_heads: 2 }, { hidden_size: 128, num_attention_heads: 8, num_kv_heads: 2 }],
    },
    {
      what: "a head size of its own",
      stages: [{ num_attention_heads: 3 }],
      rest: { model: { head_size: 16 } },
    },
    {
      what: "an odd head size without rotation",
      stages: [{}],
      rest: { model: { family: "gpt2", seq_length: 32, head_size: 5 } },
    },
    {
      what: "a vocabulary that grows up to the tokenizer's",
      stages: [
        { vocab_size: 257 },
        { vocab_size: 300 },
        { vocab_size: 300 },
        { vocab_size: 512 },
        {},
      ],
      rest: BPE,
    },
    { what: "a stage as large as the one before", stages: [{}, { lr: 1e-4 }] },
    {
      what: "a ramp of no steps in a stage of one",
      stages: [{}, { num_layers: 8, tokens: 1, growth: { ramp_steps: 0 } }],
    },
  ])("$what", ({ stages, rest }) => {
    expect(() => resolveConfig(userConfig(stages, rest))).not.toThrow();
  });
});
