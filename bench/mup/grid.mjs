// What the muP benchmark trains: a grid of widths, learning rates and seeds in two parametrisations.
import { createHash } from "node:crypto";

export const WIDTHS = [64, 128, 256, 512];
/** Factors of 2. */
export const RATES = [5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2];
export const SEEDS = [1, 2, 3];
export const PARAMETRISATIONS = ["mup", "standard"];

/** Where both parametrisations are the same model, trained alike. */
export const BASE_WIDTH = WIDTHS[0];
const HEAD_SIZE = 32;
const [SEQ_LENGTH, BATCH] = [64, 8];
const WARMUP_SHARE = 0.1;

/** Program text and documentation of the installed packages, as bytes. */
const CORPUS = ["js", "ts", "md", "py"].map((ending) => `node_modules/**/*.${ending}`);

/** @typedef {{ parametrisation: string, width: number, lr: number, seed: number }} Point */

/** @returns {Point[]} every point; all widths of a seed before the next seed, so that a part of them means something */
export function gridPoints() {
  const points = SEEDS.flatMap((seed) =>
    WIDTHS.flatMap((width) =>
      RATES.flatMap((lr) =>
        PARAMETRISATIONS.map((parametrisation) => ({ parametrisation, width, lr, seed })),
      ),
    ),
  );
  return points.filter((point) => isRun(point));
}

/** At the base width one run serves both parametrisations. */
function isRun({ parametrisation, width }) {
  return width !== BASE_WIDTH || parametrisation === "mup";
}

/**
 * @param {Point} point
 * @param {number} steps of the whole run
 */
export function configOf({ parametrisation, width, lr, seed }, steps = 300) {
  const heads = width / HEAD_SIZE;
  const mup = { base_hidden_size: BASE_WIDTH, input_mult: 1, output_mult: 1 };
  return {
    name: `${parametrisation}-w${width}-lr${lr}-s${seed}`,
    seed,
    device: "cpu",
    precision: "bf16",
    model: {
      family: "flm",
      seq_length: SEQ_LENGTH,
      head_size: HEAD_SIZE,
      init_std: 0.05,
      mup: parametrisation === "mup" ? mup : null,
    },
    tokenizer: { type: "bytes" },
    data: { sources: [{ path: CORPUS, format: "text" }], validation: { fraction: 0 } },
    // Without decay the two parametrisations agree to the bit at the base width.
    optimizer: { lr, min_lr: 0, weight_decay: 0 },
    schedule: { type: "cosine" },
    stages: [
      {
        num_layers: 2,
        hidden_size: width,
        num_attention_heads: heads,
        tokens: steps * BATCH * SEQ_LENGTH,
        global_batch_size: BATCH,
        micro_batch_size: BATCH,
        warmup_steps: Math.round(WARMUP_SHARE * steps),
      },
    ],
    checkpoint: { interval_steps: steps, keep: 1 },
    eval: { suites: [] },
    logging: { tensorboard: false },
  };
}

/** Changes with anything that decides what a run trains. */
export function configHash(config) {
  return createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 16);
}
