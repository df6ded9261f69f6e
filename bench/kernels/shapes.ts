// The models that the GPU's numbers are about. One file for the table of floors here and for scripts/gpu-bench.sh.
import { readFileSync } from "node:fs";
import { FAMILIES, type Family } from "../../lib/config/families.ts";
import type { ModelShape } from "../../lib/config/shape.ts";

export interface BenchModel {
  readonly name: string;
  readonly shape: ModelShape;
  /** Sequences of one step, which is one micro-batch. */
  readonly batch_size: number;
}

type Sizes = Omit<
  ModelShape,
  keyof (typeof FAMILIES)[Family] | "norm_eps" | "rope_theta" | "rope_scaling"
>;

type Sized = Sizes & { family: Family; batch_size: number };

export function readModels(): BenchModel[] {
  const file = new URL("shapes.json", import.meta.url);
  const models: Record<string, Sized> = JSON.parse(readFileSync(file, "utf8"));
  return Object.entries(models).map(([name, model]) => modelOf(name, model));
}

/** GPT-2's largest, with the kernels of its smallest: its steps are predicted, and not timed. */
export const GPT2_1_5B: BenchModel = modelOf("gpt2-1.5b", {
  family: "gpt2",
  num_layers: 48,
  hidden_size: 1600,
  num_attention_heads: 25,
  num_kv_heads: 25,
  head_size: 64,
  ffn_hidden_size: 6400,
  vocab_size: 50_304,
  batch_size: 8,
  seq_length: 1024,
});

function modelOf(name: string, { family, batch_size, ...sizes }: Sized): BenchModel {
  const shape = {
    ...sizes,
    ...FAMILIES[family],
    norm_eps: 1e-5,
    rope_theta: 10_000,
    rope_scaling: null,
  };
  return { name, batch_size, shape };
}
