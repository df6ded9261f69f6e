import type { Config, StageConfig } from "./types.ts";

/** Optimizer steps that `stage` takes: its tokens by those of one step, rounded up. */
export function stepsOf(
  stage: Pick<StageConfig, "tokens" | "global_batch_size" | "seq_length">,
): number {
  return Math.ceil(stage.tokens / (stage.global_batch_size * stage.seq_length));
}

/** Optimizer steps of the stage with index `stageIndex`. */
export function stageSteps(config: Config, stageIndex: number): number {
  return stepsOf(stageAt(config, stageIndex));
}

/** The stage with index `stageIndex`; a wrong index is a mistake of the caller. */
export function stageAt(config: Pick<Config, "stages">, stageIndex: number): StageConfig {
  const stage = config.stages[stageIndex];
  if (stage === undefined)
    throw new RangeError(`no stage ${stageIndex}: the config has ${config.stages.length}`);
  return stage;
}
