/**
 * What launchers set, for rank 3 of 4 where the launcher counts ranks. Those of Slurm, Open MPI and MPI under Slurm
 * were printed by Slurm 22.05 and Open MPI 4.1.4.
 */
export const TORCHRUN = {
  RANK: "3",
  WORLD_SIZE: "4",
  LOCAL_RANK: "1",
  LOCAL_WORLD_SIZE: "2",
  GROUP_RANK: "1",
  GROUP_WORLD_SIZE: "2",
  MASTER_ADDR: "node-a",
  MASTER_PORT: "29400",
  TORCHELASTIC_RUN_ID: "run-7",
  TORCHELASTIC_RESTART_COUNT: "2",
};

export const OPENMPI = {
  OMPI_COMM_WORLD_RANK: "3",
  OMPI_COMM_WORLD_SIZE: "4",
  OMPI_COMM_WORLD_LOCAL_RANK: "0",
  OMPI_COMM_WORLD_LOCAL_SIZE: "1",
  OMPI_COMM_WORLD_NODE_RANK: "0",
  PMIX_RANK: "3",
  PMIX_NAMESPACE: "1567621121",
};

export const MPICH = {
  PMI_RANK: "3",
  PMI_SIZE: "4",
  MPI_LOCALRANKID: "3",
  MPI_LOCALNRANKS: "4",
};

/** `srun -N 2 -n 4` with 3 CPUs on the first node. */
export const SLURM = {
  SLURM_JOB_ID: "17",
  SLURM_JOB_NAME: "pretrain",
  SLURM_LAUNCH_NODE_IPADDR: "10.0.0.1",
  SLURM_LOCALID: "0",
  SLURM_NNODES: "2",
  SLURM_NODEID: "1",
  SLURM_NTASKS: "4",
  SLURM_PROCID: "3",
  SLURM_STEP_ID: "0",
  SLURM_STEP_NODELIST: "n[07-08]",
  SLURM_STEP_NUM_NODES: "2",
  SLURM_STEP_NUM_TASKS: "4",
  SLURM_STEP_TASKS_PER_NODE: "3,1",
};

/** What a rank of mpirun sees on the second node of `salloc -N 2 -n 4`: Slurm counts mpirun's daemons. */
export const SLURM_DAEMONS = {
  ...SLURM,
  SLURM_JOB_NAME: "interactive",
  SLURM_NTASKS: "2",
  SLURM_PROCID: "1",
  SLURM_STEP_NUM_TASKS: "2",
  SLURM_STEP_TASKS_PER_NODE: "1(x2)",
};

/** A batch script before any srun. */
export const SLURM_BATCH = {
  SLURM_JOB_ID: "3",
  SLURM_JOB_NAME: "b.sh",
  SLURM_LOCALID: "0",
  SLURM_NNODES: "2",
  SLURM_NODEID: "0",
  SLURM_NTASKS: "4",
  SLURM_PROCID: "0",
  SLURM_TASKS_PER_NODE: "3,1",
};

export const KUBEFLOW = {
  PET_NODE_RANK: "1",
  PET_NNODES: "2",
  PET_NPROC_PER_NODE: "2",
  PET_MASTER_ADDR: "flm-node-0-0.flm",
  PET_MASTER_PORT: "29500",
};

export const JOBSET = {
  JOB_COMPLETION_INDEX: "1",
  PET_NNODES: "2",
  PET_NPROC_PER_NODE: "2",
  MASTER_ADDR: "flm-workers-0-0.flm",
  MASTER_PORT: "29500",
  FLM_JOB_ID: "flm",
  FLM_ATTEMPT: "1",
};
