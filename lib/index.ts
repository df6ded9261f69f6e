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
export { type GenerateOptions, Generation, openGeneration } from "./eval/generation.ts";
export { tokenize } from "./data/tokenize.ts";

/**
 * Trains a model, resuming what lies in the run's directory. Await the result, or iterate over the steps.
 * Aborting the signal commits a checkpoint, then rejects with an AbortError.
 */
export function train(config: UserConfig, options: TrainOptions = {}): TrainRun {
  return new TrainRun(resolveConfig(config), options);
}
