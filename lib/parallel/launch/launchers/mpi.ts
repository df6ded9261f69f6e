import type { Claim } from "../claim.ts";
import { type Environment, needCount, readText } from "../environment.ts";

/**
 * Open MPI's mpirun. OMPI_COMM_WORLD_NODE_RANK is not the node's rank, so nothing here says which node this is. Nor
 * does anything name rank 0's host: over several nodes the command line has to (`-x MASTER_ADDR`).
 */
export function openmpiClaim(env: Environment): Claim | null {
  if (!env.OMPI_COMM_WORLD_RANK) return null;
  const need = (name: string) => needCount(env, name, "OMPI_COMM_WORLD_RANK");
  return mpiClaim("openmpi", readText(env, "PMIX_NAMESPACE"), {
    rank: need("OMPI_COMM_WORLD_RANK"),
    world_size: need("OMPI_COMM_WORLD_SIZE"),
    local_rank: need("OMPI_COMM_WORLD_LOCAL_RANK"),
    local_world_size: need("OMPI_COMM_WORLD_LOCAL_SIZE"),
  });
}

/**
 * MPICH's mpiexec. `srun --mpi=pmi2` sets PMI_RANK and PMI_SIZE too, but nothing local to the node: there Slurm's own
 * variables speak.
 */
export function mpichClaim(env: Environment): Claim | null {
  if (!env.PMI_RANK || !env.MPI_LOCALRANKID) return null;
  const need = (name: string) => needCount(env, name, "PMI_RANK");
  return mpiClaim("mpich", null, {
    rank: need("PMI_RANK"),
    world_size: need("PMI_SIZE"),
    local_rank: need("MPI_LOCALRANKID"),
    local_world_size: need("MPI_LOCALNRANKS"),
  });
}

type Counts = Pick<Claim, "rank" | "world_size" | "local_rank" | "local_world_size">;

function mpiClaim(launcher: "openmpi" | "mpich", job_id: string | null, counts: Counts): Claim {
  return {
    launcher,
    ...counts,
    node_rank: null,
    num_nodes: null,
    ranks_to_start: 1,
    master_address: null,
    master_port: null,
    job_id,
    attempt: 0,
  };
}
