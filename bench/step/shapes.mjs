// The models that steps are timed on. A batch is one micro-batch, so that no side accumulates gradients.

export const SHAPES = {
  "9m": {
    family: "llama",
    num_layers: 6,
    hidden_size: 256,
    num_attention_heads: 4,
    ffn_hidden_size: 688,
    vocab_size: 8192,
    batch_size: 8,
    seq_length: 256,
  },
  "134m": {
    family: "llama",
    num_layers: 12,
    hidden_size: 768,
    num_attention_heads: 12,
    ffn_hidden_size: 2048,
    vocab_size: 32_000,
    batch_size: 4,
    seq_length: 256,
  },
  // The vocabulary is padded to a multiple of 128, as is usual for this model.
  "gpt2-124m": {
    family: "gpt2",
    num_layers: 12,
    hidden_size: 768,
    num_attention_heads: 12,
    ffn_hidden_size: 3072,
    vocab_size: 50_304,
    batch_size: 4,
    seq_length: 64,
  },
};

/** What both sides set alike. */
export const OPTIMIZER = {
  lr: 3e-4,
  adam_beta1: 0.9,
  adam_beta2: 0.95,
  adam_eps: 1e-8,
  weight_decay: 0.1,
  clip_grad: 1,
};
export const NORM_EPS = 1e-5;
export const INIT_STD = 0.02;
