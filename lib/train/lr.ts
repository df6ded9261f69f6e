import { stageSteps, stepsOf } from "../config/steps.ts";
import type { Config, StageConfig } from "../config/types.ts";

/** A place in the run: the growth stage, and the optimizer step within it. */
export interface Position {
  stage: number;
  stage_step: number;
}

/**
 * The learning rate of one optimizer step, before muP's factors. Each stage warms up linearly from the rate it
 * finds (0 at the start of the run) to its own schedule; the decay ends with the run, with each stage, or with a number of tokens.
 */
export function learningRate(config: Config, { stage, stage_step }: Position): number {
  const target = scheduled(config, { stage, stage_step });
  const warmup = config.stages[stage]!.warmup_steps;
  if (stage_step >= warmup) return target;
  const found =
    stage === 0
      ? 0
      : learningRate(config, { stage: stage - 1, stage_step: stageSteps(config, stage - 1) - 1 });
  return found + ((target - found) * (stage_step + 1)) / warmup;
}

/** The rate that the schedule alone asks for. */
function scheduled(config: Config, position: Position): number {
  const { schedule, optimizer } = config;
  const peak = config.stages[position.stage]!.lr;
  const floor = Math.min(optimizer.min_lr, peak);
  return (
    floor +
    (peak - floor) * decay(schedule.type, schedule.decay_fraction, progress(config, position))
  );
}

/** Share of the peak that is left above the floor, after `done` (0 to 1) of the horizon. */
function decay(type: Config["schedule"]["type"], decayFraction: number, done: number): number {
  if (type === "constant") return 1;
  if (type === "cosine") return (1 + Math.cos(Math.PI * done)) / 2;
  return decayFraction === 0 ? 1 : Math.min(1, (1 - done) / decayFraction);
}

/** Done share of the horizon: 0 before its first step, 1 at its last and behind it. */
function progress(config: Config, { stage, stage_step }: Position): number {
  const { horizon, horizon_tokens } = config.schedule;
  const { stages } = config;
  if (horizon === "tokens") {
    const tokensOf = (own: StageConfig) => own.global_batch_size * own.seq_length;
    const perStep = tokensOf(stages[stage]!);
    const done = sumOf(stages, stage, (own) => stepsOf(own) * tokensOf(own)) + stage_step * perStep;
    // The step that completes the horizon is its last.
    const last = horizon_tokens! - perStep;
    return done >= last ? Number(done > 0) : done / last;
  }
  const isStage = horizon === "stage";
  const done = isStage ? stage_step : sumOf(stages, stage, stepsOf) + stage_step;
  const all = isStage ? stepsOf(stages[stage]!) : sumOf(stages, stages.length, stepsOf);
  return all <= 1 ? 0 : done / (all - 1);
}

/** Over the first `count` stages; every step asks, so that no list is made. */
function sumOf(
  stages: readonly StageConfig[],
  count: number,
  each: (stage: StageConfig) => number,
): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += each(stages[i]!);
  return total;
}
