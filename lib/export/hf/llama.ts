import type { ModelShape } from "../../config/shape.ts";
import type { StagePlan } from "../../growth/stage-plan.ts";
import { foldMultipliers } from "../fold.ts";
import { copied, type StreamedTensor } from "../streamed-tensor.ts";
import type { WeightSource } from "../weight-source.ts";
import { type HfModel, requireChoices, requireHeads } from "./model.ts";

/** Our matrices of a layer and transformers'. */
export const LLAMA_MATRICES: readonly (readonly [ours: string, theirs: string])[] = [
  ["attention.q", "self_attn.q_proj"],
  ["attention.k", "self_attn.k_proj"],
  ["attention.v", "self_attn.v_proj"],
  ["attention.out", "self_attn.o_proj"],
  ["ffn.gate", "mlp.gate_proj"],
  ["ffn.up", "mlp.up_proj"],
  ["ffn.down", "mlp.down_proj"],
];

/** RMSNorm gains of a layer. */
export const LLAMA_NORMS: readonly (readonly [ours: string, theirs: string])[] = [
  ["norm1.gain", "input_layernorm.weight"],
  ["norm2.gain", "post_attention_layernorm.weight"],
];

/**
 * The model as transformers' LlamaForCausalLM, or MistralForCausalLM, which computes the same.
 *
 * @throws FlmError NOT_SUPPORTED naming what they cannot express
 */
export function llamaModel(plan: StagePlan, source: WeightSource): HfModel {
  const { shape } = plan;
  const program = "transformers' llama";
  requireChoices(program, shape, {
    norm: "rms_norm",
    activation: "swiglu",
    position_embedding: "rope",
  });
  return {
    config: {
      ...kindOf(program, plan),
      vocab_size: shape.vocab_size,
      hidden_size: shape.hidden_size,
      intermediate_size: shape.ffn_hidden_size,
      num_hidden_layers: shape.num_layers,
      num_attention_heads: shape.num_attention_heads,
      num_key_value_heads: shape.num_kv_heads,
      head_dim: shape.head_size,
      hidden_act: "silu",
      max_position_embeddings: shape.seq_length,
      rms_norm_eps: shape.norm_eps,
      rope_theta: shape.rope_theta,
      ...scalingOf(shape),
      attention_dropout: 0,
      tie_word_embeddings: shape.tie_embeddings,
    },
    tensors: [...llamaTensors(plan, source)],
  };
}

/** Nothing where RoPE is not scaled. */
function scalingOf({ rope_scaling }: ModelShape): Record<string, unknown> {
  if (rope_scaling === null) return {};
  const { type, ...fields } = rope_scaling;
  const set = Object.entries(fields).filter(([, value]) => value !== null);
  return { rope_scaling: { rope_type: type, ...Object.fromEntries(set) } };
}

/** The class, with the fields that are its own. */
function kindOf(program: string, { shape }: StagePlan): Record<string, unknown> {
  // transformers' llama checks this before it looks at head_dim; its mistral does not, and has no biases.
  const divides = shape.hidden_size % shape.num_attention_heads === 0;
  const rule = "with biases its number of heads divides the hidden size";
  requireHeads(program, shape, divides || !shape.bias, rule);
  if (!divides)
    return { architectures: ["MistralForCausalLM"], model_type: "mistral", sliding_window: null };
  const biases = { attention_bias: shape.bias, mlp_bias: shape.bias };
  return { architectures: ["LlamaForCausalLM"], model_type: "llama", ...biases };
}

function* llamaTensors(plan: StagePlan, source: WeightSource): Generator<StreamedTensor> {
  const { shape } = plan;
  const folded = foldMultipliers(plan);
  yield copied(source, "embedding.weight", "model.embed_tokens.weight", {
    scale: folded.embedding,
  });
  for (let i = 0; i < shape.num_layers; i++) {
    const [ours, theirs] = [`layers.${i}`, `model.layers.${i}`];
    for (const [from, to] of LLAMA_NORMS)
      yield copied(source, `${ours}.${from}`, `${theirs}.${to}`);
    for (const [from, to] of LLAMA_MATRICES)
      for (const part of shape.bias ? ["weight", "bias"] : ["weight"])
        yield copied(source, `${ours}.${from}.${part}`, `${theirs}.${to}.${part}`);
  }
  yield copied(source, "final_norm.gain", "model.norm.weight", { scale: folded.final_norm });
  if (!shape.tie_embeddings) yield copied(source, "head.weight", "lm_head.weight");
}
