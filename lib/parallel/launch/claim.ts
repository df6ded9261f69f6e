import type { Variable } from "./environment.ts";

export type Launcher = "none" | "flm" | "torchrun" | "openmpi" | "mpich" | "slurm" | "kubernetes";

/** What the variables of one launcher say about this process. */
export interface Claim {
  launcher: Exclude<Launcher, "none">;
  rank: Variable;
  world_size: Variable;
  local_rank: Variable;
  /** Ranks on this node; null where the launcher does not say. */
  local_world_size: Variable | null;
  node_rank: number | null;
  num_nodes: Variable | null;
  /**
   * Ranks that this process stands for. Above 1 it has to start them itself: the launcher starts one process a
   * node, and `rank` is the first of them.
   */
  ranks_to_start: number;
  /** Host of rank 0; null where the launcher does not say. */
  master_address: string | null;
  master_port: number | null;
  job_id: string | null;
  /** How often the job has been restarted. */
  attempt: number;
}
