import type { Claim } from "../claim.ts";
import { type Environment, needCount, readCount, readPort, readText } from "../environment.ts";

/** RANK, WORLD_SIZE and LOCAL_RANK: torchrun's, and those of everything that imitates it, our local launcher too. */
export function torchrunClaim(env: Environment): Claim | null {
  const given = ["RANK", "WORLD_SIZE"].find((name) => env[name]);
  if (given === undefined) return null;
  const run_id = readText(env, "TORCHELASTIC_RUN_ID");
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
    master_port: agentListens(env) ? null : readPort(env, "MASTER_PORT"),
    // The agents' port tells jobs on one machine apart, whose run ids may all be "none".
    job_id: agentListens(env) ? `${run_id}:${env.MASTER_PORT}` : run_id,
    attempt: readCount(env, "TORCHELASTIC_RESTART_COUNT")?.value ?? 0,
  };
}

/** Whether MASTER_PORT is taken: since PyTorch 2.4 torchrun's own agent listens on it. */
export function agentListens(env: Environment): boolean {
  return env.TORCHELASTIC_USE_AGENT_STORE === "True";
}
