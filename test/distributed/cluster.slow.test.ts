import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describe as show, startProgram, succeed } from "../e2e/support/cli.ts";
import { project, sharedProject } from "../e2e/support/project.ts";
import { events, latest, state } from "../e2e/support/run-files.ts";
import { installPackage } from "./support/package.ts";
import { MPIRUN, ownAddress, startSlurm, whyNoMpirun, whyNoSlurm } from "./support/slurm.ts";
import { MESHED, writeSecret } from "./support/training.ts";

/** Not those of the other tests that start Slurm. */
const SLURM_PORT = 17200;
const MASTER_PORT = "29727";

const local = sharedProject(MESHED);
let directory: string;
let command: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "flm-cluster-"));
  chmodSync(directory, 0o755); // Slurm's daemons look into it
  command = installPackage(directory);
  await succeed(["config.yaml"], { cwd: local.directory });
}, 200_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The installed command under a launcher, by whose line it says where rank 0 stands; its checkpoint is the local ranks'. */
async function expectSameTraining(
  launcher: readonly string[],
  says: string,
  env: Record<string, string>,
): Promise<void> {
  const { directory: cwd, run } = project(MESHED);
  const ended = await startProgram([...launcher, command, "config.yaml"], { cwd, env }).outcome;
  expect(ended.code, show(ended)).toBe(0);
  expect(ended.stderr).toContain(says);
  expect(events(run, "growth")).toHaveLength(1);
  expect(state(latest(run))).toEqual(state(latest(local.run)));
}

const noSlurm = whyNoSlurm();
if (noSlurm) process.stderr.write(`skipped, Slurm: ${noSlurm}\n`);

describe.skipIf(noSlurm !== null)("the package under Slurm", () => {
  let slurm: ReturnType<typeof startSlurm>;
  beforeAll(() => void (slurm = startSlurm(directory, 2, SLURM_PORT)));
  afterAll(() => slurm.stop());

  it("trains the same bytes as srun's four tasks on a node", async () => {
    const says = "slurm: rank 0 of 4, by SLURM_PROCID";
    await expectSameTraining(["srun", "-N1", "-n4"], says, slurm.env);
  });

  const address = ownAddress();
  if (address === null) process.stderr.write("skipped, two nodes: no address but loopback\n");
  it.skipIf(address === null)("and as two tasks on each of two nodes", async () => {
    const srun = ["srun", "-N2", "-n4", "--ntasks-per-node=2"];
    const FLM_SECRET_FILE = writeSecret(directory);
    const env = { ...slurm.env, MASTER_ADDR: address!, MASTER_PORT, FLM_SECRET_FILE };
    await expectSameTraining(srun, "slurm: rank 0 of 4, by SLURM_PROCID", env);
  });
});

const noMpirun = whyNoMpirun();
if (noMpirun) process.stderr.write(`skipped, mpirun: ${noMpirun}\n`);

describe.skipIf(noMpirun !== null)("the package under mpirun", () => {
  it("trains the same bytes", async () => {
    const says = "openmpi: rank 0 of 4, by OMPI_COMM_WORLD_RANK";
    await expectSameTraining(["mpirun", "-np", "4"], says, MPIRUN);
  });
});
