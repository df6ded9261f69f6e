import type { Checkpoint } from "../checkpoint/store.ts";
import { nearZeroShare } from "../growth/near-zero.ts";
import type { StagePlan } from "../growth/stage-plan.ts";
import type { RunEvent } from "./events.ts";
import { placedTensors } from "./session.ts";

/** What a finished stage leaves behind, from its last checkpoint. */
export async function stageEvent(
  plan: StagePlan,
  checkpoint: Checkpoint,
): Promise<Extract<RunEvent, { type: "stage" }>> {
  const start = performance.now();
  const masters = placedTensors(checkpoint).filter(({ kind }) => kind === "master");
  return {
    type: "stage",
    step: checkpoint.manifest.step,
    stage: plan.index,
    parameters: plan.parameters,
    near_zero_share: await nearZeroShare(masters),
    seconds: (performance.now() - start) / 1000,
  };
}
