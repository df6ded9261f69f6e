import * as z from "zod";
import { key } from "./key.ts";
import { epsilon } from "./size.ts";

const beta = z.number().min(0).lt(1);

/** AdamW; the defaults are FLM-101B's (spec: FLM-101B, arXiv 2309.03852), but for adam_eps. */
export const optimizerSchema = z.strictObject({
  lr: key(z.number().gt(0).default(4e-4), "Peak learning rate; the base rate under muP."),
  min_lr: key(z.number().min(0).default(6e-6), "Rate at the end of the decay."),
  adam_beta1: key(beta.default(0.9), "Decay of the mean of gradients."),
  adam_beta2: key(beta.default(0.95), "Decay of the mean of squared gradients."),
  adam_eps: key(epsilon.default(1e-8), "Added to the denominator."),
  weight_decay: key(
    z.number().min(0).default(0.1),
    "Decoupled decay; of matrices and embeddings only, under muP of every parameter.",
  ),
  clip_grad: key(
    z.number().gt(0).nullable().default(1),
    "Largest norm of the whole gradient; null does not clip.",
  ),
  state_precision: key(z.enum(["f32", "bf16"]).default("f32"), "How AdamW's moments are stored."),
});
