import type { ModelShape } from "../../config/shape.ts";
import type { StagePlan } from "../../growth/stage-plan.ts";
import { ropeDivisors } from "../../scaling/rope-divisors.ts";
import { foldMultipliers } from "../fold.ts";
import { requireChoices } from "../hf/model.ts";
import { copied, reordered, type StreamedTensor, vector } from "../streamed-tensor.ts";
import type { WeightSource } from "../weight-source.ts";
import type { GgufValue } from "./values.ts";

/** Our matrices of a layer and llama.cpp's. */
const MATRICES: readonly (readonly [ours: string, theirs: string])[] = [
  ["attention.q", "attn_q"],
  ["attention.k", "attn_k"],
  ["attention.v", "attn_v"],
  ["attention.out", "attn_output"],
  ["ffn.gate", "ffn_gate"],
  ["ffn.up", "ffn_up"],
  ["ffn.down", "ffn_down"],
];

/** llama.cpp turns neighbouring components of these by one angle, we turn those half a head apart. */
const TURNED: readonly string[] = ["attention.q", "attention.k"];

/** The model's fields of a GGUF header. @throws FlmError NOT_SUPPORTED naming what llama.cpp cannot express. */
export function ggufLlamaFields({ shape }: StagePlan): [string, GgufValue][] {
  requireChoices("llama.cpp's llama", shape, {
    norm: "rms_norm",
    activation: "swiglu",
    position_embedding: "rope",
  });
  const count = (value: number): GgufValue => ({ type: "u32", value });
  const real = (value: number): GgufValue => ({ type: "f32", value });
  return [
    ["llama.vocab_size", count(shape.vocab_size)],
    ["llama.context_length", count(shape.seq_length)],
    ["llama.embedding_length", count(shape.hidden_size)],
    ["llama.block_count", count(shape.num_layers)],
    ["llama.feed_forward_length", count(shape.ffn_hidden_size)],
    ["llama.attention.head_count", count(shape.num_attention_heads)],
    ["llama.attention.head_count_kv", count(shape.num_kv_heads)],
    ["llama.attention.key_length", count(shape.head_size)],
    ["llama.attention.value_length", count(shape.head_size)],
    ["llama.attention.layer_norm_rms_epsilon", real(shape.norm_eps)],
    ["llama.rope.dimension_count", count(shape.head_size)],
    ["llama.rope.freq_base", real(shape.rope_theta)],
    ...linearScaling(shape),
  ];
}

/** llama.cpp knows llama3 by a tensor alone: see below. */
function linearScaling({ rope_scaling }: ModelShape): [string, GgufValue][] {
  if (rope_scaling?.type !== "linear") return [];
  return [
    ["llama.rope.scaling.type", { type: "string", value: "linear" }],
    ["llama.rope.scaling.factor", { type: "f32", value: rope_scaling.factor }],
  ];
}

/** The weights by llama.cpp's names. */
export function* ggufLlamaTensors(
  plan: StagePlan,
  source: WeightSource,
): Generator<StreamedTensor> {
  const { shape } = plan;
  const folded = foldMultipliers(plan);
  const interleaved = (row: number) => interleavedRow(row, shape.head_size);
  // One for all layers; llama.cpp divides each pair's frequency by it.
  if (shape.rope_scaling?.type === "llama3")
    yield vector("rope_freqs.weight", Float32Array.from(ropeDivisors(shape)));
  yield copied(source, "embedding.weight", "token_embd.weight", { scale: folded.embedding });
  for (let i = 0; i < shape.num_layers; i++) {
    const [ours, theirs] = [`layers.${i}`, `blk.${i}`];
    yield copied(source, `${ours}.norm1.gain`, `${theirs}.attn_norm.weight`);
    yield copied(source, `${ours}.norm2.gain`, `${theirs}.ffn_norm.weight`);
    for (const [from, to] of MATRICES)
      for (const part of shape.bias ? ["weight", "bias"] : ["weight"]) {
        const [old, name] = [`${ours}.${from}.${part}`, `${theirs}.${to}.${part}`];
        yield TURNED.includes(from)
          ? reordered(source, old, name, shape.head_size, interleaved)
          : copied(source, old, name);
      }
  }
  yield copied(source, "final_norm.gain", "output_norm.weight", { scale: folded.final_norm });
  if (!shape.tie_embeddings) yield copied(source, "head.weight", "output.weight");
}

/** Rows 2i and 2i + 1 of a head are its rows i and i + half a head. */
function interleavedRow(row: number, head_size: number): number {
  const within = row % head_size;
  return row - within + (within >> 1) + (within & 1 ? head_size / 2 : 0);
}
