import { execFileSync, spawnSync } from "node:child_process";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("slurm-up.sh", import.meta.url));
const PROGRAMS = ["slurmctld", "slurmd", "srun", "munged"];

/** Why there can be no Slurm here; null where there can. */
export function whyNoSlurm(): string | null {
  if (process.getuid?.() !== 0) return "only root can start Slurm's daemons";
  const path = `${process.env.PATH}:/usr/sbin`;
  const missing = PROGRAMS.filter(
    (program) => spawnSync("which", [program], { env: { PATH: path } }).status !== 0,
  );
  if (missing.length === 0) return null;
  return `${missing.join(", ")} missing: apt-get install slurmctld slurmd slurm-client munge`;
}

/** Why there can be no mpirun here; null where there can. */
export function whyNoMpirun(): string | null {
  const { status } = spawnSync("which", ["mpirun"]);
  return status === 0 ? null : "mpirun is missing: apt-get install openmpi-bin";
}

/** mpirun refuses root, and more ranks than cores, unless it is told twice. */
export const MPIRUN = {
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  OMPI_MCA_rmaps_base_oversubscribe: "1",
};

/**
 * A cluster of virtual nodes n0, n1, … that keeps its files below `directory`. Clusters that run at the same time need
 * ports of their own: those from `port` - 1 on.
 *
 * @returns the variables with which srun and sbatch find it, and what ends it
 */
export function startSlurm(directory: string, nodes: number, port = 17100) {
  const args = [directory, String(nodes), String(port)];
  execFileSync(SCRIPT, args, { stdio: "inherit", timeout: 60_000 });
  return {
    env: { SLURM_CONF: join(directory, "slurm.conf") },
    stop: () => void execFileSync(SCRIPT, [directory, "down"], { stdio: "inherit" }),
  };
}

/** An address of this machine that is not loopback; null where it has none. */
export function ownAddress(): string | null {
  const all = Object.values(networkInterfaces()).flat();
  return all.find((one) => one?.family === "IPv4" && !one.internal)?.address ?? null;
}
