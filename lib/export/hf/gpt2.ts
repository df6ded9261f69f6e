import type { StagePlan } from "../../growth/stage-plan.ts";
import { foldMultipliers } from "../fold.ts";
import { copied, type StreamedTensor, transposed, zeros } from "../streamed-tensor.ts";
import type { WeightSource } from "../weight-source.ts";
import { type HfModel, requireChoices, requireHeads } from "./model.ts";

/** Our matrices of a layer, side by side where there are several, and transformers'. */
export const GPT2_MATRICES: readonly (readonly [ours: readonly string[], theirs: string])[] = [
  [["attention.q", "attention.k", "attention.v"], "attn.c_attn"],
  [["attention.out"], "attn.c_proj"],
  [["ffn.up"], "mlp.c_fc"],
  [["ffn.down"], "mlp.c_proj"],
];

/** LayerNorms of a layer. */
export const GPT2_NORMS: readonly (readonly [ours: string, theirs: string])[] = [
  ["norm1", "ln_1"],
  ["norm2", "ln_2"],
];

/** The model as transformers' GPT2LMHeadModel. @throws FlmError NOT_SUPPORTED naming what it cannot express. */
export function gpt2Model(plan: StagePlan, source: WeightSource): HfModel {
  const { shape } = plan;
  const program = "transformers' gpt2";
  requireChoices(program, shape, {
    norm: "layer_norm",
    activation: "gelu",
    position_embedding: "learned",
    num_kv_heads: shape.num_attention_heads,
  });
  const fills = shape.head_size * shape.num_attention_heads === shape.hidden_size;
  requireHeads(program, shape, fills, "its heads fill the hidden size");
  return {
    config: {
      architectures: ["GPT2LMHeadModel"],
      model_type: "gpt2",
      vocab_size: shape.vocab_size,
      n_positions: shape.seq_length,
      n_embd: shape.hidden_size,
      n_layer: shape.num_layers,
      n_head: shape.num_attention_heads,
      n_inner: shape.ffn_hidden_size,
      activation_function: "gelu_new",
      layer_norm_epsilon: shape.norm_eps,
      resid_pdrop: 0,
      embd_pdrop: 0,
      attn_pdrop: 0,
      tie_word_embeddings: shape.tie_embeddings,
    },
    tensors: [...gpt2Tensors(plan, source)],
  };
}

function* gpt2Tensors(plan: StagePlan, source: WeightSource): Generator<StreamedTensor> {
  const { shape } = plan;
  const folded = foldMultipliers(plan);
  yield copied(source, "embedding.weight", "transformer.wte.weight", { scale: folded.embedding });
  yield copied(source, "position.weight", "transformer.wpe.weight", { keepMatrix: true });
  for (let i = 0; i < shape.num_layers; i++) {
    const [ours, theirs] = [`layers.${i}`, `transformer.h.${i}`];
    for (const [from, to] of GPT2_NORMS)
      yield* layerNorm(source, `${ours}.${from}`, `${theirs}.${to}`, 1);
    for (const [from, to] of GPT2_MATRICES) {
      const stems = from.map((one) => `${ours}.${one}`);
      const weight = transposed(
        source,
        stems.map((stem) => `${stem}.weight`),
        `${theirs}.${to}.weight`,
      );
      yield weight;
      const biases = stems.map((stem) => `${stem}.bias`);
      const name = `${theirs}.${to}.bias`;
      // GPT-2 has biases in any case; zeros are none.
      yield shape.bias ? transposed(source, biases, name) : zeros(name, weight.shape[1]!);
    }
  }
  yield* layerNorm(source, "final_norm", "transformer.ln_f", folded.final_norm);
  if (!shape.tie_embeddings) yield copied(source, "head.weight", "lm_head.weight");
}

function* layerNorm(
  source: WeightSource,
  from: string,
  to: string,
  scale: number,
): Generator<StreamedTensor> {
  yield copied(source, `${from}.gain`, `${to}.weight`, { scale });
  yield copied(source, `${from}.bias`, `${to}.bias`, { scale });
}
