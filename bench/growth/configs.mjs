// What the arms of the growth benchmark have in common: text, batches, schedule, and how a config is made of shapes.
import { resolveConfig } from "../../dist/config/resolve.js";
import { planStages } from "../../dist/growth/stage-plan.js";
import { root } from "../../scripts/support/files.mjs";

/** Tokens of a whole run: 75 for each parameter of the target's layers, about one pass over the corpus. */
const TOKENS = 32_000_000;
/** Program text and documentation of the installed packages; their .mjs and .cjs files repeat much of the .js ones. */
const CORPUS = ["js", "ts", "md", "py"].map((ending) => `node_modules/**/*.${ending}`);

const SEQ_LENGTH = 128;
const BATCH = 32;
const TOKENS_PER_STEP = BATCH * SEQ_LENGTH;
const VOCAB_SIZE = 257; // bytes and the end of a document
export const LR = 2e-3;
const MIN_STEPS = 20;

/** @typedef {{ steps: number, corpus: string[] }} Budget of a whole run */

/**
 * @param {{ tokens?: number, corpus?: string[] }} wanted less than the real budget, to try the runner
 * @returns {Budget}
 */
export function budgetOf({ tokens = TOKENS, corpus = CORPUS }) {
  return { steps: Math.max(MIN_STEPS, Math.round(tokens / TOKENS_PER_STEP)), corpus };
}

/**
 * A config without name and seed.
 *
 * @param {Budget} budget
 * @param {[shape: object, begin: number][]} stages `begin`: the share of the steps at which the stage begins
 * @param {{ growth: object, model: object, lr?: number, length?: number }} options `length`: in whole runs
 */
export function configOf({ steps, corpus }, stages, { growth, model, lr = LR, length = 1 }) {
  const total = Math.round(steps * length);
  const begins = [...stages.map(([, begin]) => Math.round(total * begin)), total];
  return {
    device: "cpu",
    precision: "bf16",
    model: { ...model, seq_length: SEQ_LENGTH },
    tokenizer: { type: "bytes" },
    data: { sources: [{ path: corpus, format: "text" }], validation: { fraction: 0.1 } },
    optimizer: { lr, min_lr: 0.03 * lr },
    schedule: { type: "wsd", decay_fraction: 0.2, horizon: "run" },
    growth: { ...growth, ramp_steps: Math.min(growth.ramp_steps, Math.floor(steps / MIN_STEPS)) },
    stages: stages.map(([shape], i) => ({
      ...shape,
      tokens: (begins[i + 1] - begins[i]) * TOKENS_PER_STEP,
      global_batch_size: BATCH,
      micro_batch_size: BATCH,
      // All stages have one rate, so that nothing is left to warm up after growth.
      warmup_steps: i === 0 ? Math.round(0.02 * steps) : 0,
    })),
    checkpoint: { interval_steps: Math.ceil(steps / 10), keep: 1 },
    eval: { interval_steps: Math.ceil(steps / 5) },
    logging: { tensorboard: false },
  };
}

/** Of training alone, in matrix products, the head included. */
export function flopsOf(config) {
  return planStages(resolved(config), VOCAB_SIZE).reduce(
    (sum, { steps, flops_per_token }) => sum + steps * TOKENS_PER_STEP * flops_per_token,
    0,
  );
}

export function resolved(config, name = "growth", seed = 1) {
  return resolveConfig({ ...config, name, seed }, { cwd: root });
}
