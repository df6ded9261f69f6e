import type { Checkpoint, CheckpointStore } from "../checkpoint/store.ts";
import type { Config } from "../config/types.ts";
import type { PreparedData } from "../data/types.ts";
import type { StagePlan } from "../growth/stage-plan.ts";
import type { Placement } from "../native/placement.ts";
import type { LoadPlan } from "../native/plans.ts";
import type { Objective } from "./objective/objective.ts";
import type { Ranks } from "./ranks.ts";
import type { RunRecorder } from "./recorder.ts";

/** What a trainer is made of. */
export interface TrainerParts {
  config: Config;
  /** One a stage. */
  data: readonly PreparedData[];
  objective: Objective;
  stages: readonly StagePlan[];
  placement: Placement;
  store: CheckpointStore;
  recorder: RunRecorder;
  /** Where to go on from; null starts anew. */
  checkpoint: Checkpoint | null;
  /** What the first engine begins with. */
  load: LoadPlan;
  ranks: Ranks;
  signal: AbortSignal;
}
