import { FlmError } from "../errors.ts";
import { stageAt } from "./steps.ts";
import type { Config, ModelConfig, StageConfig } from "./types.ts";

/** Everything that decides which tensors a model has and what it computes, but for muP's factors. */
export interface ModelShape
  extends
    Pick<
      StageConfig,
      | "num_layers"
      | "hidden_size"
      | "num_attention_heads"
      | "num_kv_heads"
      | "ffn_hidden_size"
      | "seq_length"
    >,
    Pick<
      ModelConfig,
      | "head_size"
      | "norm"
      | "norm_eps"
      | "activation"
      | "position_embedding"
      | "rope_theta"
      | "rope_scaling"
      | "bias"
      | "tie_embeddings"
    > {
  vocab_size: number;
}

/** The dimensions that growth changes. `vocab_size`: rows of the embedding. */
export type GrowingSizes = Pick<
  ModelShape,
  | "num_layers"
  | "hidden_size"
  | "num_attention_heads"
  | "num_kv_heads"
  | "ffn_hidden_size"
  | "vocab_size"
>;

export function growingSizes({
  num_layers,
  hidden_size,
  num_attention_heads,
  num_kv_heads,
  ffn_hidden_size,
  vocab_size,
}: ModelShape): GrowingSizes {
  return {
    num_layers,
    hidden_size,
    num_attention_heads,
    num_kv_heads,
    ffn_hidden_size,
    vocab_size,
  };
}

/**
 * The shape of the model in the stage with index `stageIndex`.
 *
 * @param vocab_size the run's tokenizer's; `model.vocab_size` may ask for more rows, and the stage for less tokens.
 * @throws FlmError CONFIG_INVALID when `model.vocab_size` is below the tokenizer's.
 */
export function shapeOfStage(config: Config, stageIndex: number, vocab_size: number): ModelShape {
  const stage = stageAt(config, stageIndex);
  const { model } = config;
  const rows = model.vocab_size ?? vocab_size;
  if (rows < vocab_size)
    throw new FlmError(
      "CONFIG_INVALID",
      `model.vocab_size ${rows} is below the tokenizer's ${vocab_size} tokens`,
      { hint: `leave model.vocab_size out or set it to ${vocab_size} or more` },
    );
  // The tokenizer may have fallen short of the size that it was to be trained to.
  const tokens = stage.vocab_size ?? vocab_size;
  return {
    num_layers: stage.num_layers,
    hidden_size: stage.hidden_size,
    num_attention_heads: stage.num_attention_heads,
    num_kv_heads: stage.num_kv_heads,
    head_size: model.head_size,
    ffn_hidden_size: stage.ffn_hidden_size,
    vocab_size: tokens < vocab_size ? tokens : rows,
    seq_length: stage.seq_length,
    norm: model.norm,
    norm_eps: model.norm_eps * epsFactor(config, stageIndex),
    activation: model.activation,
    position_embedding: model.position_embedding,
    rope_theta: model.rope_theta,
    rope_scaling: model.rope_scaling,
    bias: model.bias,
    tie_embeddings: model.tie_embeddings,
  };
}

/**
 * Zero-filled hidden columns shrink RMSNorm's mean square by h / h′. Growth makes up for it in the
 * gain, which is exact only when the epsilon shrinks alike, at this growth and for good.
 */
function epsFactor({ model, stages }: Config, stageIndex: number): number {
  if (model.norm !== "rms_norm") return 1;
  let factor = 1;
  for (let i = 1; i <= stageIndex; i++) {
    const [before, after] = [stages[i - 1]!, stages[i]!];
    if (after.growth.width === "zero") factor *= before.hidden_size / after.hidden_size;
  }
  return factor;
}
