import type { Checkpoint } from "../../checkpoint/store.ts";
import type { Config } from "../../config/types.ts";
import type { StagePlan } from "../../growth/stage-plan.ts";
import type { BatchFeed } from "../batch-feed.ts";
import { grownInto, type Progress, progressOf } from "../progress.ts";
import { grownLoad, resumeLoad, type StageEngine } from "../session.ts";
import type { Rejection } from "./rejection.ts";

/** A run that goes back. */
export interface GoingBack {
  config: Config;
  stages: readonly StagePlan[];
  engine: StageEngine;
  batches: BatchFeed;
  at: Progress;
}

/**
 * Fills the engine from a checkpoint of `findTarget` and gives the place there. The data do not go back: the next
 * batch is the one that lies the margin behind the rejected one. Collective over the ranks of the stage.
 */
export async function goBack(
  { config, stages, engine, batches, at }: GoingBack,
  target: Checkpoint,
  rejection: Rejection,
): Promise<Progress> {
  const { manifest } = target;
  const plan = stages[at.stage]!;
  const isGrown = manifest.stage !== at.stage;
  await engine.load(isGrown ? grownLoad(config, plan, target) : resumeLoad(target));
  for (let i = 0; i < config.stability.rollback_margin_steps; i++) batches.next(at);
  const saved = progressOf(manifest);
  const there = isGrown ? grownInto(saved, stages[manifest.stage]!, plan) : saved;
  const rollback = {
    ...rejection,
    to_step: manifest.step,
    data_from: manifest.data,
    data_to: batches.state(),
  };
  return {
    ...there,
    // A run that was not stopped there has made it.
    evaluation_due: undefined,
    stability: {
      ...there.stability,
      rejected_in_a_row: 0,
      rollbacks: [...at.stability.rollbacks, rollback],
    },
  };
}

/** The factor on the learning rate after so many rollbacks: the first may have been the data's fault. */
export function rateFactor({ rollback_lr_factor }: Config["stability"], rollbacks: number): number {
  return rollback_lr_factor ** Math.max(0, rollbacks - 1);
}
