import type { Claim } from "../claim.ts";
import { type Environment, needCount, readCount, readPort, readText } from "../environment.ts";

/** RANK, WORLD_SIZE and LOCAL_RANK: torchrun's, and those of everything that imitates it, our local launcher too. */
export function torchrunClaim(env: Environment): Claim | null {
  const given = ["RANK", "WORLD_SIZE"].find((name) => env[name]);
  if (given === undefined) return null;
  return {
    launcher: "torchrun",
    rank: needCount(env, "RANK", given),
    world_size: needCount(env, "WORLD_SIZE", given),
    local_rank: needCount(env, "LOCAL_RANK", given),
    local_world_size: readCount(env, "LOCAL_WORLD_SIZE"),
    node_rank: readCount(env, "GROUP_RANK")?.value ?? null,
    num_nodes: readCount(env, "GROUP_WORLD_SIZE"),
    ranks_to_start: 1,
    master_address: readText(env, "MASTER_ADDR"),
    master_port: readPort(env, "MASTER_PORT"),
    job_id: readText(env, "TORCHELASTIC_RUN_ID"),
    attempt: readCount(env, "TORCHELASTIC_RESTART_COUNT")?.value ?? 0,
  };
}
