import { type HashFile, type HashFiles, searchTogether } from "../../checkpoint/hash-files.ts";
import {
  type Checkpoint,
  type CheckpointStore,
  damageOf,
  openCheckpoint,
  readCheckpoint,
} from "../../checkpoint/store.ts";
import type { Config } from "../../config/types.ts";
import type { StagePlan } from "../../growth/stage-plan.ts";
import { loadNative } from "../../native/load.ts";
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
  hashFile: HashFile = (path) => loadNative().hashFile(path),
): Promise<Checkpoint | null> {
  const margin = config.stability.rollback_margin_steps;
  // Ranks that the stage does not use wait for its next checkpoint and hear of nothing else.
  const used = ranksOf(mesh);
  const own = await searchTogether(ranks, used, hashFile, (hashFiles) =>
    firstWhole(rollbackTargets(store.checkpoints(), stages, at, margin), hashFiles, (message) =>
      recorder.event({ type: "warning", step: at.step, message }),
    ),
  );
  const [directory = null] = await ranks.gather("rollback", own?.directory ?? null, used);
  return own ?? (directory === null ? null : readCheckpoint(directory));
}

async function firstWhole(
  candidates: readonly Checkpoint[],
  hashFiles: HashFiles,
  warn: (message: string) => void,
): Promise<Checkpoint | null> {
  for (const { directory } of candidates)
    try {
      return await openCheckpoint(directory, hashFiles);
    } catch (error) {
      warn(`passed over ${directory}: ${damageOf(error)}`);
    }
  return null;
}
