import { describe, expect, it } from "vitest";
import { detectLaunch, type Launch } from "../../../../lib/parallel/launch/detect.ts";
import type { Environment } from "../../../../lib/parallel/launch/environment.ts";
import { failure } from "../../failure.ts";
import {
  JOBSET,
  KUBEFLOW,
  MPICH,
  OPENMPI,
  SLURM,
  SLURM_BATCH,
  SLURM_DAEMONS,
  TORCHRUN,
} from "./environments.ts";

const FLM = { FLM_RANK: "3", FLM_WORLD_SIZE: "4", FLM_LOCAL_RANK: "1" };

const RANK_3_OF_4 = { rank: 3, world_size: 4, ranks_to_start: 1 };

describe("detectLaunch", () => {
  it.each<[string, Environment, Partial<Launch>]>([
    [
      "no launcher",
      {},
      {
        launcher: "none",
        rank: 0,
        world_size: 1,
        local_rank: 0,
        local_world_size: 1,
        node_rank: 0,
        ranks_to_start: 1,
        master_address: "127.0.0.1",
        master_port: null,
        job_id: null,
        attempt: 0,
      },
    ],
    [
      "FLM_*",
      { ...FLM, MASTER_ADDR: "a" },
      {
        ...RANK_3_OF_4,
        launcher: "flm",
        local_rank: 1,
        local_world_size: null,
        node_rank: null,
        master_address: "a",
      },
    ],
    [
      "torchrun",
      TORCHRUN,
      {
        ...RANK_3_OF_4,
        launcher: "torchrun",
        local_rank: 1,
        local_world_size: 2,
        node_rank: 1,
        master_address: "node-a",
        master_port: 29400,
        job_id: "run-7",
        attempt: 2,
      },
    ],
    [
      "torchrun, whose agent has the port",
      { ...TORCHRUN, TORCHELASTIC_USE_AGENT_STORE: "True" },
      {
        ...RANK_3_OF_4,
        launcher: "torchrun",
        local_rank: 1,
        local_world_size: 2,
        node_rank: 1,
        master_address: "node-a",
        master_port: null,
        job_id: "run-7:29400",
        attempt: 2,
      },
    ],
    [
      "Open MPI",
      OPENMPI,
      {
        ...RANK_3_OF_4,
        launcher: "openmpi",
        local_rank: 0,
        local_world_size: 1,
        node_rank: null,
        master_address: null,
        job_id: "1567621121",
      },
    ],
    [
      "Open MPI on one node",
      { ...OPENMPI, OMPI_COMM_WORLD_LOCAL_RANK: "3", OMPI_COMM_WORLD_LOCAL_SIZE: "4" },
      { launcher: "openmpi", local_rank: 3, node_rank: 0, master_address: "127.0.0.1" },
    ],
    [
      "MPICH",
      MPICH,
      {
        ...RANK_3_OF_4,
        launcher: "mpich",
        local_rank: 3,
        local_world_size: 4,
        node_rank: 0,
        master_address: "127.0.0.1",
        job_id: null,
      },
    ],
    [
      "Slurm",
      SLURM,
      {
        ...RANK_3_OF_4,
        launcher: "slurm",
        local_rank: 0,
        local_world_size: 1,
        node_rank: 1,
        master_address: "n07",
        master_port: null,
        job_id: "17.0",
        attempt: 0,
      },
    ],
    [
      "a requeued Slurm job without a node list",
      { ...SLURM, SLURM_RESTART_COUNT: "1", SLURM_STEP_NODELIST: undefined },
      { launcher: "slurm", attempt: 1, master_address: "10.0.0.1" },
    ],
    [
      "Slurm with PMI-2",
      { ...SLURM, PMI_RANK: "3", PMI_SIZE: "4", PMI_JOBID: "17.0" },
      { ...RANK_3_OF_4, launcher: "slurm" },
    ],
    [
      "several tasks of srun in a shell's allocation",
      { ...SLURM, SLURM_JOB_NAME: "interactive" },
      { launcher: "slurm", rank: 3 },
    ],
    [
      "a shell that srun started",
      {
        SLURM_STEP_ID: "0",
        SLURM_PROCID: "0",
        SLURM_NTASKS: "1",
        SLURM_JOB_NAME: "bash",
        SLURM_JOB_ID: "9",
      },
      { launcher: "none", world_size: 1 },
    ],
    ["a batch script of one task", { ...SLURM_BATCH, SLURM_NTASKS: "1" }, { launcher: "none" }],
    [
      "Kubeflow Trainer",
      KUBEFLOW,
      {
        launcher: "kubernetes",
        rank: 2,
        world_size: 4,
        local_rank: 0,
        local_world_size: 2,
        node_rank: 1,
        ranks_to_start: 2,
        master_address: "flm-node-0-0.flm",
        master_port: 29500,
      },
    ],
    [
      "JobSet",
      JOBSET,
      {
        launcher: "kubernetes",
        rank: 2,
        world_size: 4,
        ranks_to_start: 2,
        master_address: "flm-workers-0-0.flm",
        master_port: 29500,
        job_id: "flm",
        attempt: 1,
      },
    ],
    [
      "one process a node",
      { ...JOBSET, PET_NPROC_PER_NODE: undefined },
      { rank: 1, world_size: 2, ranks_to_start: 1 },
    ],
  ])("reads %s", (_, env, expected) => expect(detectLaunch(env)).toMatchObject(expected));

  it("takes `auto` for one rank a GPU, and for one rank without any", () => {
    const env = { ...KUBEFLOW, PET_NPROC_PER_NODE: "auto" };
    expect(detectLaunch(env, { gpus: () => 8 })).toMatchObject({ rank: 8, world_size: 16 });
    expect(detectLaunch(env, { gpus: () => 0 })).toMatchObject({ rank: 1, world_size: 2 });
    const rank = { ...env, ...TORCHRUN };
    expect(detectLaunch(rank, { gpus: () => 8 })).toMatchObject(RANK_3_OF_4);
  });

  it.each<[string, Environment]>([
    ["flm", { ...FLM, ...TORCHRUN, ...OPENMPI, ...MPICH, ...SLURM, ...KUBEFLOW }],
    ["torchrun", { ...TORCHRUN, ...OPENMPI, ...MPICH, ...SLURM, ...KUBEFLOW }],
    ["openmpi", { ...OPENMPI, ...MPICH, ...SLURM, ...KUBEFLOW }],
    ["mpich", { ...MPICH, ...SLURM, ...KUBEFLOW }],
    ["slurm", { ...SLURM, ...KUBEFLOW }],
    ["kubernetes", KUBEFLOW],
  ])("prefers %s to what comes after it, and says so", (launcher, env) => {
    const launch = detectLaunch(env);
    expect(launch.launcher).toBe(launcher);
    expect(launch.reason).toMatch(new RegExp(`^${launcher}: `));
  });

  it("says by which variables a launcher won, and against whom", () => {
    expect(detectLaunch({ ...TORCHRUN, ...SLURM }).reason).toBe(
      "torchrun: rank 3 of 4, by RANK and WORLD_SIZE, before slurm",
    );
    expect(detectLaunch(KUBEFLOW).reason).toBe(
      "kubernetes: ranks 2 to 3 of 4, by PET_NODE_RANK and PET_NNODES",
    );
  });

  it.each<[string, Environment]>([
    ["mpirun's daemons, started by srun", { ...OPENMPI, ...SLURM_DAEMONS }],
    ["torchrun's agents, started by srun", { ...TORCHRUN, ...SLURM_DAEMONS }],
    ["torchrun's agents, started by Kubernetes", { ...TORCHRUN, ...KUBEFLOW }],
  ])("does not take %s for ranks", (_, env) => {
    expect(detectLaunch(env)).toMatchObject(RANK_3_OF_4);
  });

  it("lets the user name rank 0's machine, the job and the attempt under any launcher", () => {
    const given = {
      FLM_MASTER_ADDR: "here",
      FLM_MASTER_PORT: "77",
      FLM_JOB_ID: "j",
      FLM_ATTEMPT: "3",
    };
    for (const env of [{}, FLM, TORCHRUN, OPENMPI, SLURM, KUBEFLOW])
      expect(detectLaunch({ ...env, ...given })).toMatchObject({
        master_address: "here",
        master_port: 77,
        job_id: "j",
        attempt: 3,
      });
  });
});

describe("a contradiction", () => {
  it.each<[string, Environment, string[]]>([
    [
      "two ranks, of RANK and Slurm",
      { RANK: "2", WORLD_SIZE: "4", LOCAL_RANK: "0", ...SLURM },
      ["RANK=2", "SLURM_PROCID=3"],
    ],
    [
      "two world sizes",
      { RANK: "3", WORLD_SIZE: "8", LOCAL_RANK: "0", ...SLURM },
      ["WORLD_SIZE=8", "SLURM_STEP_NUM_TASKS=4"],
    ],
    [
      "two world sizes of MPI and a step with several tasks a node",
      { ...OPENMPI, ...SLURM, OMPI_COMM_WORLD_SIZE: "8" },
      ["OMPI_COMM_WORLD_SIZE=8", "SLURM_STEP_NUM_TASKS=4"],
    ],
    ["PMI's rank and Slurm's", { ...SLURM, PMI_RANK: "1" }, ["SLURM_PROCID=3", "PMI_RANK=1"]],
    ["a rank beyond the world", { ...TORCHRUN, RANK: "4" }, ["RANK=4", "WORLD_SIZE=4"]],
    ["an empty world", { ...FLM, FLM_WORLD_SIZE: "0" }, ["FLM_RANK=3", "FLM_WORLD_SIZE=0"]],
    [
      "a local rank beyond its node",
      { ...MPICH, MPI_LOCALRANKID: "4" },
      ["MPI_LOCALRANKID=4", "MPI_LOCALNRANKS=4"],
    ],
    [
      "more ranks on a node than in the world",
      { ...TORCHRUN, LOCAL_WORLD_SIZE: "5" },
      ["LOCAL_WORLD_SIZE=5", "WORLD_SIZE=4"],
    ],
    ["a word for a number", { ...TORCHRUN, RANK: "three" }, ['RANK="three"']],
    ["a negative number", { ...TORCHRUN, LOCAL_RANK: "-1" }, ['LOCAL_RANK="-1"']],
    ["half of the variables", { RANK: "0", LOCAL_RANK: "0" }, ["RANK=0", "WORLD_SIZE"]],
    ["a port beyond the last", { ...TORCHRUN, MASTER_PORT: "65536" }, ["MASTER_PORT=65536"]],
    [
      "a node that Slurm's list does not have",
      { ...SLURM, SLURM_NODEID: "2" },
      ["SLURM_NODEID=2", "SLURM_STEP_TASKS_PER_NODE=3,1"],
    ],
    [
      "a damaged list",
      { ...SLURM, SLURM_STEP_TASKS_PER_NODE: "3,1(x" },
      ['SLURM_STEP_TASKS_PER_NODE="3,1(x"'],
    ],
    ["srun forgotten", SLURM_BATCH, ["SLURM_NTASKS=4", "SLURM_STEP_ID"]],
    ["a node without the number of nodes", { JOB_COMPLETION_INDEX: "0" }, ["PET_NNODES"]],
    [
      "two ranks of a node",
      { ...KUBEFLOW, JOB_COMPLETION_INDEX: "0" },
      ["PET_NODE_RANK=1", "JOB_COMPLETION_INDEX=0"],
    ],
    ["no rank on a node", { ...KUBEFLOW, PET_NPROC_PER_NODE: "0" }, ["PET_NPROC_PER_NODE=0"]],
  ])("%s is refused, and the message names it", (_, env, parts) => {
    const error = failure(() => detectLaunch(env));
    expect(error.exitCode).toBe(78);
    expect(error.hint).toBeTruthy();
    for (const part of parts) expect(error.message).toContain(part);
  });
});
