import { FAMILIES } from "./families.ts";
import type { Report } from "./finding.ts";
import { PRESETS, type Preset } from "./presets.ts";
import type { ModelConfig, ParsedConfig } from "./types.ts";

export function presetOf(model: ParsedConfig["model"]): Preset | undefined {
  return model.preset === null ? undefined : PRESETS[model.preset];
}

/** Fills the model's keys: explicit ones win over the preset's, those over the family's. */
export function resolveModel(config: ParsedConfig, report: Report): ModelConfig {
  const { model } = config;
  const preset = presetOf(model);
  const family = model.family ?? preset?.family ?? "llama";
  if (preset !== undefined && family !== preset.family)
    report(
      ["model", "family"],
      `is ${family}, but the preset ${model.preset} is of family ${preset.family}`,
      "leave out one of the two",
    );
  const fallback = { ...FAMILIES[family], ...preset?.model };
  return {
    family,
    preset: model.preset,
    vocab_size: model.vocab_size === undefined ? (fallback.vocab_size ?? null) : model.vocab_size,
    seq_length: model.seq_length ?? fallback.seq_length ?? 1024,
    head_size: model.head_size ?? fallback.head_size ?? firstHeadSize(config, report),
    norm: model.norm ?? fallback.norm,
    norm_eps: model.norm_eps,
    activation: model.activation ?? fallback.activation,
    position_embedding: model.position_embedding ?? fallback.position_embedding,
    rope_theta: model.rope_theta,
    rope_scaling: model.rope_scaling,
    bias: model.bias ?? fallback.bias,
    tie_embeddings: model.tie_embeddings ?? fallback.tie_embeddings,
    init_std: model.init_std ?? fallback.init_std ?? 0.02,
    mup: model.mup === undefined ? (fallback.mup ?? null) : model.mup,
  };
}

/** hidden_size / num_attention_heads of the first stage; later stages must keep it. */
function firstHeadSize({ stages }: ParsedConfig, report: Report): number {
  let headSize = NaN;
  for (const [i, { hidden_size, num_attention_heads }] of stages.entries()) {
    if (hidden_size === undefined || num_attention_heads === undefined) continue;
    const ratio = hidden_size / num_attention_heads;
    if (i === 0 && !Number.isInteger(ratio))
      report(
        ["stages", i, "num_attention_heads"],
        `${num_attention_heads} does not divide hidden_size ${hidden_size}`,
        "change one of the two or set model.head_size",
      );
    if (i === 0) headSize = ratio;
    else if (Number.isInteger(headSize) && ratio !== headSize)
      report(
        ["stages", i, "num_attention_heads"],
        `is ${num_attention_heads}, which makes heads of ${hidden_size} / ${num_attention_heads}; the first stage's have ${headSize}, and the head size cannot grow`,
        Number.isInteger(hidden_size / headSize)
          ? `use ${hidden_size / headSize} heads`
          : `use a hidden_size that is a multiple of ${headSize}, or set model.head_size`,
      );
  }
  return headSize;
}
