import type * as z from "zod";
import type { configSchema } from "./schema/index.ts";

/** What a user writes: every key with a default may be left out. */
export type UserConfig = z.input<typeof configSchema>;

/** A checked `UserConfig` with the fixed defaults filled in; the derived ones are still missing. */
export type ParsedConfig = z.output<typeof configSchema>;

type ParsedStage = ParsedConfig["stages"][number];

export type GrowthConfig = Omit<ParsedConfig["growth"], "ramp_steps"> & { ramp_steps: number };
export type ParallelConfig = ParsedStage["parallel"];
export type ModelConfig = Required<ParsedConfig["model"]>;
export type RopeScaling = NonNullable<ModelConfig["rope_scaling"]>;
/** A stage with all it inherits; `growth` is complete, and `weights` are in the order of the sources. */
export type StageConfig = Required<Omit<ParsedStage, "growth" | "weights">> & {
  growth: GrowthConfig;
  weights: number[] | null;
};

/** A resolved config: every key present, every path absolute, every rule checked. */
export type Config = Omit<ParsedConfig, "model" | "stages"> & {
  model: ModelConfig;
  stages: StageConfig[];
};
