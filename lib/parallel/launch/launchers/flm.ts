import type { Claim } from "../claim.ts";
import { type Environment, needCount, readCount } from "../environment.ts";

/** FLM_*: for launchers that set nothing of their own, such as a shell script over ssh. They win over all others. */
export function flmClaim(env: Environment): Claim | null {
  const given = ["FLM_RANK", "FLM_WORLD_SIZE"].find((name) => env[name]);
  if (given === undefined) return null;
  return {
    launcher: "flm",
    rank: needCount(env, "FLM_RANK", given),
    world_size: needCount(env, "FLM_WORLD_SIZE", given),
    local_rank: needCount(env, "FLM_LOCAL_RANK", given),
    local_world_size: readCount(env, "FLM_LOCAL_WORLD_SIZE"),
    node_rank: readCount(env, "FLM_NODE_RANK")?.value ?? null,
    num_nodes: null,
    ranks_to_start: 1,
    master_address: null,
    master_port: null,
    job_id: null,
    attempt: 0,
  };
}
