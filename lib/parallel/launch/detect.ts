import type { Claim, Launcher } from "./claim.ts";
import { checkAgainst, checkClaim, checkRank } from "./consistency.ts";
import { type Environment, readCount, readPort, readText } from "./environment.ts";
import { flmClaim } from "./launchers/flm.ts";
import { kubernetesClaim } from "./launchers/kubernetes.ts";
import { mpichClaim, openmpiClaim } from "./launchers/mpi.ts";
import { refuseForgottenSrun, slurmClaim } from "./launchers/slurm.ts";
import { agentListens, torchrunClaim } from "./launchers/torchrun.ts";

/** Where this process stands among the ranks of its job. */
export interface Launch {
  launcher: Launcher;
  rank: number;
  world_size: number;
  local_rank: number;
  /** Ranks on this node; null where the launcher does not say. */
  local_world_size: number | null;
  node_rank: number | null;
  /**
   * 1: this process is a rank. More: it stands for so many, from `rank` on, and has to start them (`runLocalRanks`),
   * because the launcher starts one process a node.
   */
  ranks_to_start: number;
  /** Host of rank 0; null where nothing says it. 127.0.0.1 where all ranks are on one node. */
  master_address: string | null;
  master_port: number | null;
  /** Equal for the ranks of one job, and for them alone; null where the launcher gives none. */
  job_id: string | null;
  /** How often the job has been restarted. */
  attempt: number;
  /** Which launcher won, and by which variables: a line for the user. */
  reason: string;
}

/**
 * Reads the launcher's variables. FLM_* win over RANK + WORLD_SIZE + LOCAL_RANK, then Open MPI, MPICH, Slurm,
 * Kubernetes. FLM_MASTER_ADDR, FLM_MASTER_PORT, FLM_JOB_ID and FLM_ATTEMPT, then MASTER_ADDR and MASTER_PORT, hold
 * for every launcher.
 *
 * @param options.gpus how many GPUs there are here, where a launcher wants a rank for each; asked only then
 * @throws FlmError ENVIRONMENT (exit 78) where the variables contradict each other; the message names both
 */
export function detectLaunch(
  env: Environment,
  { gpus = () => 0 }: { gpus?: () => number } = {},
): Launch {
  const claims = [
    flmClaim(env),
    torchrunClaim(env),
    openmpiClaim(env),
    mpichClaim(env),
    slurmClaim(env),
    kubernetesClaim(env, gpus),
  ].filter((claim) => claim !== null);
  const [winner, ...others] = claims;
  if (winner === undefined) {
    refuseForgottenSrun(env);
    return alone(env);
  }
  checkClaim(winner);
  for (const other of others) checkAgainst(winner, other, env);
  if (winner.launcher === "slurm")
    for (const name of ["PMI_RANK", "PMIX_RANK"]) checkRank(winner, readCount(env, name));
  return { ...launchOf(winner, env), reason: reasonOf(winner, others) };
}

function launchOf(claim: Claim, env: Environment): Omit<Launch, "reason"> {
  const isOneNode =
    claim.num_nodes?.value === 1 || claim.local_world_size?.value === claim.world_size.value;
  const given = givenOf(env);
  return {
    launcher: claim.launcher,
    rank: claim.rank.value,
    world_size: claim.world_size.value,
    local_rank: claim.local_rank.value,
    local_world_size: claim.local_world_size?.value ?? null,
    node_rank: claim.node_rank ?? (isOneNode ? 0 : null),
    ranks_to_start: claim.ranks_to_start,
    master_address: given.master_address ?? (isOneNode ? "127.0.0.1" : claim.master_address),
    master_port: given.master_port ?? claim.master_port,
    job_id: given.job_id ?? claim.job_id,
    attempt: given.attempt ?? claim.attempt,
  };
}

/** What the user may say whatever the launcher. */
function givenOf(env: Environment) {
  return {
    master_address: readText(env, "FLM_MASTER_ADDR", "MASTER_ADDR"),
    master_port: readPort(env, "FLM_MASTER_PORT", ...(agentListens(env) ? [] : ["MASTER_PORT"])),
    job_id: readText(env, "FLM_JOB_ID"),
    attempt: readCount(env, "FLM_ATTEMPT")?.value ?? null,
  };
}

function alone(env: Environment): Launch {
  const given = givenOf(env);
  return {
    launcher: "none",
    rank: 0,
    world_size: 1,
    local_rank: 0,
    local_world_size: 1,
    node_rank: 0,
    ranks_to_start: 1,
    master_address: given.master_address ?? "127.0.0.1",
    master_port: given.master_port,
    job_id: given.job_id,
    attempt: given.attempt ?? 0,
    reason: "no launcher: a process of its own",
  };
}

function reasonOf(winner: Claim, others: readonly Claim[]): string {
  const { launcher, rank, world_size, ranks_to_start } = winner;
  const own = ranks_to_start === 1 ? "rank" : `ranks ${rank.value} to`;
  const last = rank.value + ranks_to_start - 1;
  const over =
    others.length === 0 ? "" : `, before ${others.map((other) => other.launcher).join(", ")}`;
  return `${launcher}: ${own} ${last} of ${world_size.value}, by ${rank.name} and ${world_size.name}${over}`;
}
