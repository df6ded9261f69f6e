import { FlmError } from "../../errors.ts";
import { LLAMA_MATRICES, LLAMA_NORMS } from "../hf/llama.ts";
import { copied, type StreamedTensor, zeros } from "../streamed-tensor.ts";
import type { WeightSource } from "../weight-source.ts";
import type { HfConfig } from "./hf-config.ts";
import type { ImportedModel } from "./imported-model.ts";
import { rotation } from "./rotation.ts";
import { embeddingAndHead, type EmbeddingAndHead } from "./shared-head.ts";

/** Kinds of models that compute what ours do. */
export const LLAMA_LIKE = ["llama", "mistral", "qwen2"];

/** transformers' window of a Mistral whose config.json says nothing of one. */
const MISTRAL_WINDOW = 4096;

/**
 * A Llama-like model. Ours has biases everywhere or nowhere: where it has them in some matrices the others get zeros.
 *
 * @param seq_length in place of the model's own, which may be longer than is wanted
 */
export function importLlama(
  config: HfConfig,
  source: WeightSource,
  seq_length?: number,
): ImportedModel {
  const length = seq_length ?? config.count("max_position_embeddings", 2048);
  requireOurs(config, length);
  const stage = {
    num_layers: config.count("num_hidden_layers"),
    hidden_size: config.count("hidden_size"),
    num_attention_heads: config.count("num_attention_heads"),
    num_kv_heads: config.count("num_key_value_heads", config.count("num_attention_heads")),
    ffn_hidden_size: config.count("intermediate_size"),
  };
  const hasBias = biasOf(config);
  const bias = LLAMA_MATRICES.some(
    ([, theirs]) => hasBias(theirs) && source.sizeOf(`model.layers.0.${theirs}.bias`) !== undefined,
  );
  const ends = embeddingAndHead(config, source, "model.embed_tokens.weight", false);
  const model: ImportedModel["model"] = {
    family: "llama",
    vocab_size: config.count("vocab_size"),
    seq_length: length,
    head_size: config.count("head_dim", Math.floor(stage.hidden_size / stage.num_attention_heads)),
    norm_eps: config.positive("rms_norm_eps", 1e-6),
    ...rotation(config),
    bias,
    tie_embeddings: ends.head === null,
  };
  const tensors = [...llamaTensors(source, stage.num_layers, ends, bias ? hasBias : null)];
  return { model, stage, tensors, warnings: ends.warnings };
}

/** Whether one of transformers' matrices has a bias. Those that stand in the files all the same, transformers passes over. */
function biasOf(config: HfConfig): (theirs: string) => boolean {
  const type = config.text("model_type");
  if (type === "qwen2") return (theirs) => /[qkv]_proj$/.test(theirs);
  if (type === "mistral") return () => false;
  const attention = config.flag("attention_bias", false);
  const ffn = config.flag("mlp_bias", false);
  return (theirs) => (theirs.startsWith("self_attn.") ? attention : ffn);
}

function requireOurs(config: HfConfig, seq_length: number): void {
  config.require("hidden_act", ["silu", "swish"]);
  // A window that holds the whole sequence is none, and so is null.
  const type = config.text("model_type");
  const isDefault = type === "mistral" && !config.has("sliding_window");
  const window = config.count("sliding_window", isDefault ? MISTRAL_WINDOW : seq_length);
  // A Qwen2 has a window only where its config.json says that it is used.
  if (config.flag("use_sliding_window", type !== "qwen2") && window < seq_length)
    throw new FlmError(
      "NOT_SUPPORTED",
      `config.json: sliding_window ${window} is shorter than a sequence of ${seq_length} tokens`,
      { hint: `use --seq-length ${window}: within a window attention is what our models compute` },
    );
}

function* llamaTensors(
  source: WeightSource,
  num_layers: number,
  { embedding, head }: EmbeddingAndHead,
  hasBias: ((theirs: string) => boolean) | null,
): Generator<StreamedTensor> {
  yield copied(source, embedding, "embedding.weight");
  for (let i = 0; i < num_layers; i++) {
    const [ours, theirs] = [`layers.${i}`, `model.layers.${i}`];
    for (const [to, from] of LLAMA_NORMS)
      yield copied(source, `${theirs}.${from}`, `${ours}.${to}`);
    for (const [to, from] of LLAMA_MATRICES) {
      const stem = `${theirs}.${from}`;
      const weight = copied(source, `${stem}.weight`, `${ours}.${to}.weight`);
      yield weight;
      if (hasBias === null) continue;
      const name = `${ours}.${to}.bias`;
      yield hasBias(from) && source.sizeOf(`${stem}.bias`)
        ? copied(source, `${stem}.bias`, name)
        : zeros(name, weight.shape[0]!);
    }
  }
  yield copied(source, "model.norm.weight", "final_norm.gain");
  if (head !== null) yield copied(source, head, "head.weight");
}
