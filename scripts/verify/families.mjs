// The models that are compared: small, with sizes that are no multiples of a vector register, and with every
// choice that a family can make (muP multipliers, grouped queries, tied and untied heads).

/** Tokens of the made-up vocabulary. */
export const VOCAB_SIZE = 97;

/** Sequences of an optimizer step; micro-batches of half of them, so that gradients accumulate. */
export const BATCH_SIZE = 4;

const MODELS = {
  flm: {
    model: {
      family: "flm",
      seq_length: 24,
      mup: { base_hidden_size: 24, input_mult: 1.5, output_mult: 3 },
    },
    stage: { num_layers: 2, hidden_size: 48, num_attention_heads: 3 },
  },
  llama: {
    // Longer than a tile of the attention kernels.
    model: { family: "llama", seq_length: 160 },
    stage: {
      num_layers: 3,
      hidden_size: 64,
      num_attention_heads: 4,
      num_kv_heads: 2,
      ffn_hidden_size: 88,
    },
  },
  gpt2: {
    model: { family: "gpt2", seq_length: 24 },
    stage: { num_layers: 2, hidden_size: 48, num_attention_heads: 4 },
  },
};

/**
 * The config of a family's model, as a user would write it. Weights start larger than in training, so that attention
 * is far from uniform, and adam_eps is larger, so that an error in either shows.
 */
export function configOf(family) {
  const { model, stage } = MODELS[family];
  return {
    name: `verify-${family}`,
    seed: 7,
    device: "cpu",
    model: { ...model, init_std: 0.1 },
    tokenizer: { type: "bytes" },
    data: { sources: [{ path: "unused" }] },
    optimizer: { lr: 3e-3, adam_eps: 1e-4, weight_decay: 0.1, clip_grad: 1 },
    stages: [
      { ...stage, tokens: 1, global_batch_size: BATCH_SIZE, micro_batch_size: BATCH_SIZE / 2 },
    ],
  };
}
