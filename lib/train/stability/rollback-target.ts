import {
  type Checkpoint,
  type CheckpointStore,
  openCheckpoint,
  readCheckpoint,
} from "../../checkpoint/store.ts";
import type { Config } from "../../config/types.ts";
import type { StagePlan } from "../../growth/stage-plan.ts";
import { loadNative } from "../../native/load.ts";
import type { NativeBinding } from "../../native/types.ts";
import { type Mesh, ranksOf } from "../../parallel/mesh.ts";
import type { Progress } from "../progress.ts";
import type { Ranks } from "../ranks.ts";
import type { RunRecorder } from "../recorder.ts";

/**
 * The checkpoints to go back to from a place in the run, the best first: the newest that lies `margin` steps before the
 * next step, those before it, and of the others the oldest first. All are of this stage, or the last of the stage before,
 * from which the model grows again.
 */
export function rollbackTargets(
  checkpoints: readonly Checkpoint[],
  stages: readonly StagePlan[],
  { stage, step }: Progress,
  margin: number,
): Checkpoint[] {
  const isUsable = ({ manifest }: Checkpoint) =>
    manifest.step <= step &&
    (manifest.stage === stage ||
      (manifest.stage === stage - 1 && manifest.stage_step === stages[stage - 1]!.steps));
  const isEarlyEnough = ({ manifest }: Checkpoint) => manifest.step <= step + 1 - margin;
  const usable = checkpoints.filter(isUsable);
  return [
    ...usable.filter(isEarlyEnough),
    ...usable.filter((checkpoint) => !isEarlyEnough(checkpoint)).toReversed(),
  ];
}

export interface TargetSearch {
  config: Config;
  stages: readonly StagePlan[];
  store: CheckpointStore;
  ranks: Ranks;
  recorder: RunRecorder;
}

/**
 * The best checkpoint to go back to whose files agree with its manifest; null without any. What is damaged is passed
 * over and said. Collective over the ranks of the stage.
 */
export async function findTarget(
  { config, stages, store, ranks, recorder }: TargetSearch,
  at: Progress,
  mesh: Mesh,
  hashFile: NativeBinding["hashFile"] = (path) => loadNative().hashFile(path),
): Promise<Checkpoint | null> {
  const margin = config.stability.rollback_margin_steps;
  const search = () =>
    firstWhole(rollbackTargets(store.checkpoints(), stages, at, margin), hashFile, (message) =>
      recorder.event({ type: "warning", step: at.step, message }),
    );
  const own = ranks.rank === 0 ? await search() : null;
  // Ranks that the stage does not use wait for its next checkpoint and hear of nothing else.
  const [directory = null] = await ranks.gather("rollback", own?.directory ?? null, ranksOf(mesh));
  return own ?? (directory === null ? null : readCheckpoint(directory));
}

async function firstWhole(
  candidates: readonly Checkpoint[],
  hashFile: NativeBinding["hashFile"],
  warn: (message: string) => void,
): Promise<Checkpoint | null> {
  for (const { directory } of candidates)
    try {
      return await openCheckpoint(directory, hashFile);
    } catch (error) {
      warn(`passed over ${directory}: ${error instanceof Error ? error.message : String(error)}`);
    }
  return null;
}
