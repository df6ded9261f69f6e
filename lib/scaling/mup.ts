import type { ModelShape } from "../config/shape.ts";
import type { ModelConfig } from "../config/types.ts";
import type { ParameterClass } from "./parameters.ts";

/** What one class of parameters starts from and how AdamW treats it. */
export interface ClassScaling {
  /** Standard deviation of normally distributed initial values. */
  readonly init_std: number;
  /** Factor on the schedule's learning rate. */
  readonly lr_mult: number;
  /** Factor on `optimizer.weight_decay`; decay per step is lr · lr_mult · weight_decay · this. */
  readonly weight_decay_mult: number;
}

export interface Scaling {
  /** Factor on the embedding's output. */
  readonly input_mult: number;
  /** Factor on the logits. */
  readonly logit_mult: number;
  readonly classes: Readonly<Record<ParameterClass, ClassScaling>>;
}

/**
 * Factors of a model by the parametrisation its config asks for: muP, or the standard one.
 *
 * muP for Adam with m = hidden_size / base_hidden_size (spec: Tensor Programs V, arXiv 2203.03466,
 * in the form that FLM's authors released): matrices start at std / √m and learn at lr / m, and
 * their weight decay grows by m so that lr · decay stays; embeddings, norms and biases keep the
 * base values; logits are multiplied by output_mult / m. Matrices that write into the residual
 * stream start smaller by √(2 · num_layers) in both parametrisations.
 */
export function scalingOf(
  model: Pick<ModelConfig, "init_std" | "mup">,
  shape: Pick<ModelShape, "hidden_size" | "num_layers">,
): Scaling {
  return model.mup === null
    ? standardScaling(model.init_std, shape.num_layers)
    : mupScaling(model.init_std, model.mup, shape);
}

function standardScaling(std: number, numLayers: number): Scaling {
  const decayed: ClassScaling = { init_std: std, lr_mult: 1, weight_decay_mult: 1 };
  return {
    input_mult: 1,
    logit_mult: 1,
    classes: {
      embedding: decayed,
      matrix: decayed,
      residual_matrix: { ...decayed, init_std: std / Math.sqrt(2 * numLayers) },
      vector: { ...decayed, weight_decay_mult: 0 },
      output: decayed,
    },
  };
}

function mupScaling(
  std: number,
  mup: NonNullable<ModelConfig["mup"]>,
  shape: Pick<ModelShape, "hidden_size" | "num_layers">,
): Scaling {
  const m = shape.hidden_size / mup.base_hidden_size;
  const vector: ClassScaling = { init_std: std, lr_mult: 1, weight_decay_mult: 1 };
  const matrix: ClassScaling = {
    init_std: std / Math.sqrt(m),
    lr_mult: 1 / m,
    weight_decay_mult: m,
  };
  return {
    input_mult: mup.input_mult,
    logit_mult: mup.output_mult / m,
    classes: {
      embedding: vector,
      matrix,
      residual_matrix: { ...matrix, init_std: matrix.init_std / Math.sqrt(2 * shape.num_layers) },
      vector,
      output: vector,
    },
  };
}
