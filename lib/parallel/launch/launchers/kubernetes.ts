import { FlmError } from "../../../errors.ts";
import type { Claim } from "../claim.ts";
import {
  type Environment,
  needCount,
  readCount,
  readPort,
  readText,
  type Variable,
} from "../environment.ts";

/**
 * PET_* of Kubeflow Trainer, or the JOB_COMPLETION_INDEX of an indexed Job (JobSet) beside PET_NNODES in its
 * manifest. One process a node: this one starts PET_NPROC_PER_NODE ranks itself.
 *
 * @param gpus how many there are here, for `PET_NPROC_PER_NODE=auto`
 */
export function kubernetesClaim(env: Environment, gpus: () => number): Claim | null {
  const given = ["PET_NODE_RANK", "JOB_COMPLETION_INDEX"].find((name) => env[name]);
  if (given === undefined) return null;
  const node = needCount(env, given, given);
  const nodes = needCount(env, "PET_NNODES", given);
  agree(node, readCount(env, "JOB_COMPLETION_INDEX"));
  const perNode = ranksPerNode(env, gpus);
  return {
    launcher: "kubernetes",
    rank: { name: given, value: node.value * perNode.value },
    world_size: { name: nodes.name, value: nodes.value * perNode.value },
    local_rank: { name: given, value: 0 },
    local_world_size: perNode,
    node_rank: node.value,
    num_nodes: nodes,
    ranks_to_start: perNode.value,
    master_address: readText(env, "PET_MASTER_ADDR"),
    master_port: readPort(env, "PET_MASTER_PORT"),
    job_id: null,
    attempt: 0,
  };
}

/** `auto` is a rank a GPU. Without any torchrun starts one a core; a rank of ours takes all cores with its threads. */
function ranksPerNode(env: Environment, gpus: () => number): Variable {
  const name = "PET_NPROC_PER_NODE";
  if (env[name] === "auto") return { name, value: Math.max(1, gpus()) };
  const found = readCount(env, name) ?? { name, value: 1 };
  if (found.value > 0) return found;
  throw new FlmError("ENVIRONMENT", `${name}=0 asks for no rank at all`, {
    hint: `set ${name} to the number of GPUs of a node, or to auto`,
  });
}

function agree(node: Variable, index: Variable | null): void {
  if (index === null || index.value === node.value) return;
  throw new FlmError(
    "ENVIRONMENT",
    `${node.name}=${node.value} and ${index.name}=${index.value} disagree about this node's rank`,
    { hint: `leave ${node.name} out of the manifest` },
  );
}
