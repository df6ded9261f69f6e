import type { ParsedConfig } from "./types.ts";

/** Not `Required` alone, which leaves `undefined` in under `exactOptionalPropertyTypes`. */
type ParsedModel = {
  [Key in keyof ParsedConfig["model"]]-?: NonNullable<ParsedConfig["model"][Key]>;
};
export type Family = ParsedModel["family"];
export type FamilyDefaults = Pick<
  ParsedModel,
  "norm" | "activation" | "position_embedding" | "bias" | "tie_embeddings"
>;

/** What `model.family` stands for. A family sets these defaults and nothing else. */
export const FAMILIES: Readonly<Record<Family, FamilyDefaults>> = {
  flm: {
    norm: "layer_norm",
    activation: "gelu",
    position_embedding: "xpos",
    bias: true,
    tie_embeddings: true,
  },
  llama: {
    norm: "rms_norm",
    activation: "swiglu",
    position_embedding: "rope",
    bias: false,
    tie_embeddings: false,
  },
  gpt2: {
    norm: "layer_norm",
    activation: "gelu",
    position_embedding: "learned",
    bias: true,
    tie_embeddings: true,
  },
};
