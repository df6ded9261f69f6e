import { FlmError } from "../../errors.ts";
import type { Claim } from "./claim.ts";
import type { Environment, Variable } from "./environment.ts";
import { isOneTaskANode } from "./launchers/slurm.ts";

/** @throws FlmError ENVIRONMENT where one launcher's own numbers cannot be */
export function checkClaim(claim: Claim): void {
  const { rank, world_size, local_rank, local_world_size } = claim;
  below(rank, world_size);
  if (local_world_size === null) return;
  below(local_rank, local_world_size);
  if (local_world_size.value > world_size.value)
    throw contradiction(
      local_world_size,
      world_size,
      "a node cannot hold more ranks than the world",
    );
}

/**
 * The launcher that won, against another whose variables are there too.
 *
 * @throws FlmError ENVIRONMENT where they speak of different worlds
 */
export function checkAgainst(winner: Claim, other: Claim, env: Environment): void {
  if (startsDaemons(winner, other, env)) return;
  same(winner.world_size, other.world_size, "the number of ranks");
  same(winner.rank, other.rank, "this process's rank");
}

/** PMI's and PMIx's rank, which `srun --mpi` sets beside Slurm's own. */
export function checkRank(claim: Claim, rank: Variable | null): void {
  if (rank) same(claim.rank, rank, "this process's rank");
}

/** One process a node started the ranks: what is said about that process is not about this rank. */
function startsDaemons(winner: Claim, other: Claim, env: Environment): boolean {
  if (other.launcher === "kubernetes") return true;
  if (winner.num_nodes && winner.num_nodes.value === other.world_size.value) return true;
  const isMpi = winner.launcher === "openmpi" || winner.launcher === "mpich";
  return isMpi && other.launcher === "slurm" && isOneTaskANode(env);
}

function below(index: Variable, count: Variable): void {
  if (index.value < count.value) return;
  throw contradiction(index, count, `ranks are counted from 0 to ${count.value - 1}`);
}

function same(a: Variable, b: Variable, what: string): void {
  if (a.value !== b.value) throw contradiction(a, b, `they disagree about ${what}`);
}

function contradiction(a: Variable, b: Variable, why: string): FlmError {
  return new FlmError("ENVIRONMENT", `${a.name}=${a.value} and ${b.name}=${b.value}: ${why}`, {
    hint: "unset the variables of the launcher that did not start this process",
  });
}
