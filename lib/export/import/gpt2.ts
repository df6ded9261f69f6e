import { GPT2_MATRICES, GPT2_NORMS } from "../hf/gpt2.ts";
import { copied, type StreamedTensor, transposedPart } from "../streamed-tensor.ts";
import type { WeightSource } from "../weight-source.ts";
import type { HfConfig } from "./hf-config.ts";
import type { ImportedModel } from "./imported-model.ts";
import { embeddingAndHead, type EmbeddingAndHead } from "./shared-head.ts";

/** A GPT-2 model, saved with its head or without. */
export function importGpt2(config: HfConfig, source: WeightSource): ImportedModel {
  config.require("activation_function", ["gelu_new", "gelu_pytorch_tanh"]);
  config.require("scale_attn_weights", [true]);
  config.require("scale_attn_by_inverse_layer_idx", [false]);
  config.require("add_cross_attention", [false]);
  const hidden_size = config.count("n_embd");
  const heads = config.count("n_head");
  const stage = {
    num_layers: config.count("n_layer"),
    hidden_size,
    num_attention_heads: heads,
    num_kv_heads: heads,
    ffn_hidden_size: config.count("n_inner", 4 * hidden_size),
  };
  const prefix = source.sizeOf("transformer.wpe.weight") ? "transformer." : "";
  const ends = embeddingAndHead(config, source, `${prefix}wte.weight`, true);
  const model: ImportedModel["model"] = {
    family: "gpt2",
    vocab_size: config.count("vocab_size"),
    // The rows of its table of positions: no other length is possible.
    seq_length: config.count("n_positions"),
    head_size: Math.floor(hidden_size / heads),
    norm_eps: config.positive("layer_norm_epsilon", 1e-5),
    tie_embeddings: ends.head === null,
  };
  const tensors = [...gpt2Tensors(source, prefix, stage, ends)];
  return { model, stage, tensors, warnings: ends.warnings };
}

function* gpt2Tensors(
  source: WeightSource,
  prefix: string,
  { num_layers }: ImportedModel["stage"],
  { embedding, head }: EmbeddingAndHead,
): Generator<StreamedTensor> {
  yield copied(source, embedding, "embedding.weight");
  yield copied(source, `${prefix}wpe.weight`, "position.weight");
  for (let i = 0; i < num_layers; i++) {
    const [ours, theirs] = [`layers.${i}`, `${prefix}h.${i}`];
    for (const [to, from] of GPT2_NORMS)
      yield* layerNorm(source, `${theirs}.${from}`, `${ours}.${to}`);
    for (const [names, from] of GPT2_MATRICES)
      for (const part of ["weight", "bias"])
        yield* split(
          source,
          `${theirs}.${from}.${part}`,
          names.map((name) => `${ours}.${name}.${part}`),
        );
  }
  yield* layerNorm(source, `${prefix}ln_f`, "final_norm");
  if (head !== null) yield copied(source, head, "head.weight");
}

function* layerNorm(source: WeightSource, from: string, to: string): Generator<StreamedTensor> {
  yield copied(source, `${from}.weight`, `${to}.gain`);
  yield copied(source, `${from}.bias`, `${to}.bias`);
}

/** Equal parts of the columns of a matrix [in, out], each as [out, in]. */
function* split(
  source: WeightSource,
  from: string,
  names: readonly string[],
): Generator<StreamedTensor> {
  const width = Math.floor((source.sizeOf(from)?.cols ?? 0) / names.length);
  for (const [i, name] of names.entries())
    yield transposedPart(source, from, name, i * width, (i + 1) * width);
}
