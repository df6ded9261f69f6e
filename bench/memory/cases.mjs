// Models and meshes of the memory benchmark.
import { resolveConfig } from "../../dist/config/resolve.js";
import { root } from "../../scripts/support/files.mjs";

const MESHES = {
  "one rank": {},
  "data parallel": { data_parallel_size: 2 },
  "tensor parallel": { tensor_parallel_size: 2 },
  "tensor and sequence parallel": { tensor_parallel_size: 2, sequence_parallel: true },
  pipeline: { pipeline_parallel_size: 2 },
  "pipeline, recomputed": { pipeline_parallel_size: 2, recompute: "full" },
};
const LARGE = { num_layers: 4, hidden_size: 512, num_attention_heads: 8 };
const TINY = { num_layers: 2, hidden_size: 32, num_attention_heads: 2 };
const [MICRO_BATCH, MICRO_BATCHES, STEPS] = [4, 2, 5];

/** @returns {{ name: string, tiny: object, large: object }[]} configs of each mesh: of next to nothing, and of a model */
export function cases(corpus) {
  return Object.entries(MESHES).map(([name, parallel]) => ({
    name,
    tiny: configOf(TINY, parallel, { corpus, seq_length: 16, vocab_size: 300 }),
    large: configOf(LARGE, parallel, { corpus, seq_length: 256, vocab_size: 8192 }),
  }));
}

function configOf(shape, parallel, { corpus, seq_length, vocab_size }) {
  const global_batch_size = MICRO_BATCH * MICRO_BATCHES * (parallel.data_parallel_size ?? 1);
  const config = {
    name: "memory",
    device: "cpu",
    model: { family: "llama", seq_length, vocab_size },
    tokenizer: { type: "bytes" },
    data: { sources: [{ path: corpus }], validation: { fraction: 0 } },
    stages: [
      {
        ...shape,
        tokens: STEPS * global_batch_size * seq_length,
        micro_batch_size: MICRO_BATCH,
        global_batch_size,
        parallel: { data_parallel_size: 1, ...parallel },
      },
    ],
    eval: { suites: [] },
    checkpoint: { interval_steps: STEPS, keep: 1 },
    logging: { tensorboard: false },
  };
  return resolveConfig(config, { cwd: root });
}
