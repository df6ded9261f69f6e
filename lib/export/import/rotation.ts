import type { ImportedModel } from "./imported-model.ts";
import type { HfConfig } from "./hf-config.ts";

/** How transformers scales RoPE, as far as we do. */
const KNOWN_TYPES = ["default", "linear", "llama3"];

type Rotation = Required<Pick<ImportedModel["model"], "rope_theta" | "rope_scaling">>;

/** The rotary frequencies, as transformers reads them: older files have `rope_scaling`, newer ones `rope_parameters`. */
export function rotation(config: HfConfig): Rotation {
  config.require("partial_rotary_factor", [1]);
  const [old, current] = ["rope_scaling", "rope_parameters"].map((key) => config.section(key));
  const section = old!.isEmpty ? current! : old!;
  section.require("partial_rotary_factor", [1]);
  return {
    rope_theta: section.positive("rope_theta", config.positive("rope_theta", 10_000)),
    rope_scaling: scalingOf(config, section),
  };
}

function scalingOf(config: HfConfig, section: HfConfig): Rotation["rope_scaling"] {
  // The first files called it type; some have both.
  section.require("rope_type", KNOWN_TYPES);
  section.require("type", KNOWN_TYPES);
  const type = section.text("rope_type", section.text("type", "default"));
  section.require("type", [type]);
  if (type === "default") return null;
  const factor = section.positive("factor");
  // Divided by 1 positions are what they were.
  if (type === "linear") return factor === 1 ? null : { type, factor };
  const length = config.count("max_position_embeddings", 2048);
  const original = section.count("original_max_position_embeddings", length);
  return {
    type: "llama3",
    factor,
    low_freq_factor: section.positive("low_freq_factor"),
    high_freq_factor: section.positive("high_freq_factor"),
    original_max_position_embeddings: config.count("original_max_position_embeddings", original),
  };
}
