/**
 * flm-train as a library.
 *
 * ```ts
 * import { loadConfig, train } from "flm-train";
 *
 * const { config } = loadConfig("config.yaml");
 * for await (const row of train(config)) console.log(row.step, row.loss);
 * ```
 */
import { resolveConfig } from "./config/resolve.ts";
import type { PassOptions } from "./data/corpus/pass.ts";
import { tokenize as tokenizeConfig, type TokenizeResult } from "./data/tokenize.ts";
import { type GenerateOptions, openGeneration, type TextsOptions } from "./eval/generation.ts";
import { loadNative } from "./native/load.ts";
import { planRun, type PlanOptions } from "./plan/plan.ts";
import type { Plan } from "./plan/types.ts";
import type { UserConfig } from "./config/types.ts";
import { TrainRun } from "./train/run.ts";
import type { TrainOptions } from "./train/train.ts";

export {
  type Config,
  defineConfig,
  loadConfig,
  resolveConfig,
  type UserConfig,
} from "./config/index.ts";
export { FlmError, type ErrorCode, type Issue } from "./errors.ts";
export type { RunEvent, StartInfo, StepRow, TrainObserver, TrainResult } from "./train/events.ts";
export type { TrainOptions } from "./train/train.ts";
export {
  type GenerateOptions,
  Generation,
  openGeneration,
  type TextsOptions,
} from "./eval/generation.ts";
export type { Weights } from "./eval/open-model.ts";
export { evaluate, type EvaluateOptions, type EvaluateResult } from "./eval/evaluate.ts";
export { exportModel, type ExportOptions, type ExportResult } from "./export/export-model.ts";
export { importModel, type ImportOptions, type ImportResult } from "./export/import-model.ts";
export type { TokenizeResult } from "./data/tokenize.ts";
export type { PassOptions as TokenizeOptions } from "./data/corpus/pass.ts";
export type { PlanOptions } from "./plan/plan.ts";
export type { Plan, StageEstimate } from "./plan/types.ts";

/**
 * Trains a model, resuming what lies in the run's directory. Await the result, or iterate over the steps.
 * Aborting the signal commits a checkpoint, then rejects with an AbortError.
 */
export function train(config: UserConfig, options: TrainOptions = {}): TrainRun {
  return new TrainRun(resolveConfig(config), options);
}

/**
 * Makes the token files of a config ahead of time, or finds them made.
 *
 * @throws FlmError DATA_NOT_FOUND, DATA_EMPTY, DATA_INVALID, TOKENIZER_INVALID, IO, CANCELLED; NATIVE_UNAVAILABLE
 */
export async function tokenize(
  config: UserConfig,
  options: PassOptions = {},
): Promise<TokenizeResult> {
  return tokenizeConfig(resolveConfig(config), { ...options, native: loadNative() });
}

/**
 * The continuation of a prompt by the model of a run or of a checkpoint, or those of several prompts, which are written
 * side by side. `openGeneration` keeps a model for more of them, and streams.
 *
 * @throws FlmError CHECKPOINT_NOT_FOUND, CHECKPOINT_INVALID, INVALID_ARGUMENT
 */
export function generate(path: string, prompt: string, options?: GenerateOptions): Promise<string>;
export function generate(
  path: string,
  prompts: readonly string[],
  options?: TextsOptions,
): Promise<string[]>;
export async function generate(
  path: string,
  prompt: string | readonly string[],
  options: GenerateOptions | TextsOptions = {},
): Promise<string | string[]> {
  const generation = await openGeneration(path);
  try {
    if (typeof prompt !== "string") return await generation.texts(prompt, options);
    return await generation.text(prompt, options as GenerateOptions);
  } finally {
    await generation.close();
  }
}

/** What a run will need in memory, time and money. */
export function plan(config: UserConfig, options: PlanOptions = {}): Plan {
  return planRun(resolveConfig(config), options);
}
