/** The room `config`: what a run is, read from YAML or TypeScript, checked and completed. */
export { defineConfig } from "./define-config.ts";
export { FAMILIES, type Family } from "./families.ts";
export type { Position } from "./finding.ts";
export { loadConfig, type LoadedConfig, type LoadOptions } from "./load.ts";
export { PRESET_NAMES, PRESETS, type Preset, type PresetName } from "./presets.ts";
export { resolveConfig, type ResolveOptions } from "./resolve.ts";
export { configJsonSchema } from "./schema/json-schema.ts";
export { parseTokenCount } from "./schema/token-count.ts";
export { shapeOfStage, type ModelShape } from "./shape.ts";
export { stageSteps } from "./steps.ts";
export { stringifyConfig } from "./stringify.ts";
export type {
  Config,
  GrowthConfig,
  ModelConfig,
  ParallelConfig,
  StageConfig,
  UserConfig,
} from "./types.ts";
