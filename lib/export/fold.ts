import type { StagePlan } from "../growth/stage-plan.ts";

/** Factors on weights that take over muP's multipliers, which other programs do not know. */
export interface Folded {
  embedding: number;
  /** On the final norm's gain and bias, which only the head reads. */
  final_norm: number;
}

/**
 * The model multiplies embedded tokens by input_mult and logits by logit_mult. The first goes into the embedding; a
 * head that shares it is then scaled as well, which the final norm takes back together with the second.
 */
export function foldMultipliers({ shape, scaling, logit_mult }: StagePlan): Folded {
  const { input_mult } = scaling;
  return {
    embedding: input_mult,
    final_norm: shape.tie_embeddings ? logit_mult / input_mult : logit_mult,
  };
}
