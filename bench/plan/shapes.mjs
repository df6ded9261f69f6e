// Models of the calibration benchmark: two that a plan is calibrated with, and others that it has not seen.
import { resolveConfig } from "../../dist/config/resolve.js";
import { root } from "../../scripts/support/files.mjs";

const stage = (num_layers, hidden_size, batch) => ({
  num_layers,
  hidden_size,
  num_attention_heads: hidden_size / 64,
  micro_batch_size: batch,
  global_batch_size: batch,
});

/** Growable one into the other, so that one config can hold both as stages. */
export const CALIBRATED = { small: stage(4, 128, 8), large: stage(6, 512, 8) };
export const UNSEEN = {
  between: stage(4, 256, 8),
  deeper: stage(12, 192, 8),
  "larger-batch": stage(4, 384, 16),
  wider: stage(4, 768, 8),
};
const SEQ_LENGTH = 256;
const CORPUS = ["js", "ts", "md"].map((ending) => `node_modules/**/*.${ending}`);

/** A run of so many steps in each of the stages. */
export function configOf(name, stages, steps) {
  const config = {
    name,
    seed: 1,
    device: "cpu",
    model: { family: "llama", seq_length: SEQ_LENGTH, head_size: 64 },
    tokenizer: { type: "bytes" },
    data: { sources: [{ path: CORPUS, format: "text" }], validation: { fraction: 0 } },
    stages: stages.map((each) => ({
      ...each,
      tokens: steps * each.global_batch_size * SEQ_LENGTH,
    })),
    growth: { ramp_steps: 0 },
    checkpoint: { interval_steps: steps, keep: 1 },
    eval: { suites: [] },
    logging: { tensorboard: false },
  };
  return resolveConfig(config, { cwd: root });
}
