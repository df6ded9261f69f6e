// The model and the run of the task benchmark. Bytes are the tokens: these tasks copy single letters.

/** What the training text consists of, in equal parts of documents. The other tasks show what does not carry over. */
export const TASKS = ["ru_replace_lower", "pm_head_tail", "pm_full_repeat", "pm_head_slice"];
export const DOCUMENTS = 120_000;

/** @param scale of the tokens that are trained on */
export function configFor(text, scale) {
  return {
    name: "iq-growth",
    seed: 1,
    device: "cpu",
    model: { family: "llama", seq_length: 512 },
    tokenizer: { type: "bytes" },
    data: {
      sources: [{ path: text, format: "jsonl", field: "text" }],
      validation: { fraction: 0.002 },
    },
    optimizer: { lr: 3e-3, min_lr: 1e-4 },
    schedule: { type: "wsd", decay_fraction: 0.25, horizon: "run" },
    growth: { depth: "interleave", width: "mask", ramp_steps: 100 },
    // Small batches: what these tasks need is learned in steps, not in tokens.
    stages: [
      {
        name: "small",
        num_layers: 2,
        hidden_size: 128,
        num_attention_heads: 4,
        tokens: Math.round(10e6 * scale),
        global_batch_size: 4,
        warmup_steps: 50,
      },
      {
        name: "large",
        num_layers: 4,
        hidden_size: 192,
        num_attention_heads: 6,
        tokens: Math.round(16e6 * scale),
        global_batch_size: 4,
        lr: 2e-3,
        warmup_steps: 50,
      },
    ],
    checkpoint: { interval_steps: 500, keep: 100 },
    eval: { interval_steps: 500, suites: ["perplexity"] },
  };
}
