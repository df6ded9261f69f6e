import { FlmError } from "../../../errors.ts";
import type { Claim } from "../claim.ts";
import {
  type Environment,
  needCount,
  readCount,
  readFirstCount,
  readText,
} from "../environment.ts";
import { firstHost, parseTasksPerNode } from "../slurm-lists.ts";

/** Names that Slurm gives to a job which is a person's shell. */
const SHELL_JOBS = ["bash", "interactive"];
const TASKS_PER_NODE = "SLURM_STEP_TASKS_PER_NODE";
const NODE_LIST = "SLURM_STEP_NODELIST";

/** A task of srun. The rank's node is looked up, never computed: `srun -N3 -n6` may put 4, 1 and 1 on its nodes. */
export function slurmClaim(env: Environment): Claim | null {
  if (!env.SLURM_PROCID || !env.SLURM_STEP_ID) return null;
  const need = (name: string) => needCount(env, name, "SLURM_PROCID");
  const world_size = readFirstCount(env, "SLURM_STEP_NUM_TASKS") ?? need("SLURM_NTASKS");
  // One task under such a name is a shell in which somebody types; more of them are ranks, whatever the name.
  if (world_size.value === 1 && SHELL_JOBS.includes(env.SLURM_JOB_NAME ?? "")) return null;
  const node = need("SLURM_NODEID");
  const num_nodes = readFirstCount(env, "SLURM_STEP_NUM_NODES", "SLURM_NNODES");
  return {
    launcher: "slurm",
    rank: need("SLURM_PROCID"),
    world_size,
    local_rank: need("SLURM_LOCALID"),
    local_world_size: localTasks(env, node.value),
    node_rank: node.value,
    num_nodes,
    ranks_to_start: 1,
    master_address: masterAddress(env),
    master_port: null,
    job_id: `${env.SLURM_JOB_ID ?? "job"}.${env.SLURM_STEP_ID}`,
    attempt: readCount(env, "SLURM_RESTART_COUNT")?.value ?? 0,
  };
}

/**
 * True where the step has one task a node. Then srun may have started daemons that start the ranks: mpirun's and
 * torchrun's do, and hand Slurm's variables on, which count daemons.
 */
export function isOneTaskANode(env: Environment): boolean {
  const text = env[TASKS_PER_NODE];
  return text !== undefined && parseTasksPerNode(TASKS_PER_NODE, text).every((n) => n === 1);
}

/**
 * In a batch script or under salloc, but not started by srun.
 *
 * @throws FlmError ENVIRONMENT where the job has several tasks: only this one process would run.
 */
export function refuseForgottenSrun(env: Environment): void {
  const tasks = readCount(env, "SLURM_NTASKS");
  if (!tasks || tasks.value < 2 || env.SLURM_STEP_ID) return;
  throw new FlmError(
    "ENVIRONMENT",
    `SLURM_NTASKS=${tasks.value}, but srun did not start this process (SLURM_STEP_ID is not set)`,
    {
      hint: "put srun before the command itself, since npx keeps signals: srun node_modules/.bin/flm-train config.yaml",
    },
  );
}

function localTasks(env: Environment, node: number) {
  const text = env[TASKS_PER_NODE];
  if (!text) return null;
  const value = parseTasksPerNode(TASKS_PER_NODE, text)[node];
  if (value !== undefined) return { name: TASKS_PER_NODE, value };
  throw new FlmError(
    "ENVIRONMENT",
    `SLURM_NODEID=${node} is not a node of ${TASKS_PER_NODE}=${text}`,
    { hint: "start the ranks with srun; it sets both" },
  );
}

function masterAddress(env: Environment): string | null {
  const nodes = env[NODE_LIST];
  return nodes ? firstHost(NODE_LIST, nodes) : readText(env, "SLURM_LAUNCH_NODE_IPADDR");
}
