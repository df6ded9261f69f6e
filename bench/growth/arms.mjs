// The arms of the growth benchmark, in order of importance. docs/growth.md says how they are judged.
import { resolveConfig } from "../../dist/config/resolve.js";
import { planStages } from "../../dist/growth/stage-plan.js";
import { root } from "../../scripts/support/files.mjs";

/** Tokens of a whole run: 75 for each parameter of the target's layers, about one pass over the corpus. */
export const TOKENS = 32_000_000;
/** Program text and documentation of the installed packages; their .mjs and .cjs files repeat much of the .js ones. */
export const CORPUS = ["js", "ts", "md", "py"].map((ending) => `node_modules/**/*.${ending}`);

const SEQ_LENGTH = 128;
const BATCH = 32;
const VOCAB_SIZE = 257; // bytes and the end of a document
const LR = 4e-3;
const RAMP_STEPS = 100;
const ALL_SEEDS = [1, 2, 3];
const ONE_SEED = [1];

const DEEP = { num_layers: 8, hidden_size: 64, num_attention_heads: 2, ffn_hidden_size: 192 };
const MIDDLE = { ...DEEP, num_layers: 4 };
const SHALLOW = { ...DEEP, num_layers: 2 };

// FLM-101B's schedule scaled down: parameters of the layers as 16 : 56 : 100, tokens as 79 : 13 : 8.
const FLM_LARGE = { num_layers: 8, hidden_size: 64, num_attention_heads: 4 };
const FLM_MEDIUM = { num_layers: 8, hidden_size: 48, num_attention_heads: 3 };
const FLM_SMALL = { num_layers: 5, hidden_size: 32, num_attention_heads: 2 };
const FLM_MODEL = { family: "flm", mup: { base_hidden_size: 32, input_mult: 1, output_mult: 1 } };

const COPY = { depth: "stack", ramp_steps: 0 };
const OPERATORS = {
  copy: COPY,
  random: { depth: "random", ramp_steps: 0 },
  zero: { depth: "zero", ramp_steps: 0 },
  ramp: { depth: "stack", ramp_steps: RAMP_STEPS },
};

/**
 * @typedef {object} Arm
 * @property {string} name
 * @property {string} reference the arm from scratch that it is compared with
 * @property {"scratch" | "rate" | "small" | "grown"} role scratch and small arms make the frontiers; rate: tuning only
 * @property {number[]} seeds that are wanted
 * @property {object} config but for name and seed
 */

/**
 * @param {{ tokens?: number, corpus?: string[] }} budget smaller than the real one to try the runner
 * @returns {Arm[]}
 */
export function armsOf({ tokens = TOKENS, corpus = CORPUS } = {}) {
  const steps = Math.max(20, Math.round(tokens / (BATCH * SEQ_LENGTH)));

  /** Shapes with the share of the steps at which each begins. */
  const config = (
    shapes,
    { growth = COPY, model = { family: "llama" }, lr = LR, length = 1 } = {},
  ) => {
    const total = Math.round(steps * length);
    const begins = [...shapes.map(([, share]) => Math.round(total * share)), total];
    return {
      device: "cpu",
      precision: "bf16",
      model: { ...model, seq_length: SEQ_LENGTH },
      tokenizer: { type: "bytes" },
      data: { sources: [{ path: corpus, format: "text" }], validation: { fraction: 0.1 } },
      optimizer: { lr, min_lr: 0.03 * lr },
      schedule: { type: "wsd", decay_fraction: 0.2, horizon: "run" },
      growth: { ...growth, ramp_steps: Math.min(growth.ramp_steps, Math.floor(steps / 20)) },
      stages: shapes.map(([shape], i) => ({
        ...shape,
        tokens: (begins[i + 1] - begins[i]) * BATCH * SEQ_LENGTH,
        global_batch_size: BATCH,
        micro_batch_size: BATCH,
        warmup_steps: Math.round(steps * (i === 0 ? 0.02 : 0.002)),
      })),
      checkpoint: { interval_steps: Math.ceil(steps / 10), keep: 1 },
      eval: { interval_steps: Math.ceil(steps / 5) },
      logging: { tensorboard: false },
    };
  };
  const flm = { model: FLM_MODEL, growth: OPERATORS.ramp };
  const make = (reference) => (role, seeds, name, shapes, options) => ({
    name,
    reference,
    role,
    seeds,
    config: config(shapes, options),
  });
  const arm = make("scratch");
  const flmArm = make("flm-scratch");
  /** The small model alone, for as many FLOPs as `grown` takes. */
  const equal = (add, grown, shape, options) => {
    const length = flopsOf(grown.config) / flopsOf(config([[shape, 0]], options));
    return add("small", grown.seeds, `small-as-${grown.name}`, [[shape, 0]], {
      ...options,
      length,
    });
  };
  const grow = (name, seeds, shares, operator = "copy") => {
    const shapes = shares.length === 1 ? [SHALLOW, DEEP] : [SHALLOW, MIDDLE, DEEP];
    const begins = shapes.map((shape, i) => [shape, i === 0 ? 0 : shares[i - 1]]);
    return arm("grown", seeds, name, begins, { growth: OPERATORS[operator] });
  };

  const early = grow("stack-15", ALL_SEEDS, [0.15]);
  const half = grow("half-copy", ALL_SEEDS, [0.5]);
  const late = grow("late-copy", ALL_SEEDS, [0.8]);
  const progressive = grow("progressive", ALL_SEEDS, [0.5, 0.7]);
  const threeStages = flmArm(
    "grown",
    ALL_SEEDS,
    "flm",
    [
      [FLM_SMALL, 0],
      [FLM_MEDIUM, 0.79],
      [FLM_LARGE, 0.92],
    ],
    flm,
  );
  return [
    arm("scratch", ALL_SEEDS, "scratch", [[DEEP, 0]]),
    ...[2e-3, 8e-3].map((lr) => arm("rate", ONE_SEED, `scratch-lr-${lr}`, [[DEEP, 0]], { lr })),
    arm("small", ALL_SEEDS, "small", [[SHALLOW, 0]]),
    ...[2e-3, 8e-3].map((lr) => arm("rate", ONE_SEED, `small-lr-${lr}`, [[SHALLOW, 0]], { lr })),
    early,
    half,
    progressive,
    ...[early, half, progressive].map((grown) => equal(arm, grown, SHALLOW)),
    ...[0.8, 0.6, 0.4, 0.25].map((length) =>
      arm("scratch", ALL_SEEDS, `scratch-${100 * length}`, [[DEEP, 0]], { length }),
    ),
    grow("stack-10", ALL_SEEDS, [0.1]),
    grow("stack-20", ALL_SEEDS, [0.2]),
    late,
    flmArm("scratch", ALL_SEEDS, "flm-scratch", [[FLM_LARGE, 0]], flm),
    ...[2e-3, 8e-3].map((lr) =>
      flmArm("rate", ONE_SEED, `flm-scratch-lr-${lr}`, [[FLM_LARGE, 0]], { ...flm, lr }),
    ),
    threeStages,
    flmArm("small", ALL_SEEDS, "flm-small", [[FLM_SMALL, 0]], flm),
    equal(flmArm, threeStages, FLM_SMALL, flm),
    ...[0.6, 0.3].map((length) =>
      flmArm("scratch", ONE_SEED, `flm-scratch-${100 * length}`, [[FLM_LARGE, 0]], {
        ...flm,
        length,
      }),
    ),
    ...["random", "zero", "ramp"].flatMap((operator) => [
      grow(`half-${operator}`, ONE_SEED, [0.5], operator),
      grow(`late-${operator}`, ONE_SEED, [0.8], operator),
    ]),
  ];
}

/** Of training alone, in matrix products, the head included. */
export function flopsOf(config) {
  return planStages(resolved(config), VOCAB_SIZE).reduce(
    (sum, { steps, flops_per_token }) => sum + steps * BATCH * SEQ_LENGTH * flops_per_token,
    0,
  );
}

export function resolved(config, name = "growth", seed = 1) {
  return resolveConfig({ ...config, name, seed }, { cwd: root });
}
