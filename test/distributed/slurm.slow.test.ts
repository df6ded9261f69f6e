import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { child } from "./support/ranks.ts";
import { MPIRUN, ownAddress, startSlurm, whyNoMpirun, whyNoSlurm } from "./support/slurm.ts";

const RANK = [process.execPath, child("world-rank.mjs")];
const EXAMPLE = new URL("../../examples/slurm/pretrain.sbatch", import.meta.url);

let directory: string;
let slurm: ReturnType<typeof startSlurm>;

interface Ended {
  code: number | null;
  output: string;
  /** What the ranks printed, in rank order. */
  ranks: Record<string, unknown>[];
}

function run(command: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const [program, ...args] = command as [string, ...string[]];
  const { SLURM_CONF } = slurm.env;
  const process_ = spawn(program, args, {
    cwd: directory,
    env: { ...process.env, SLURM_CONF, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 120_000,
  });
  let output = "";
  process_.stdout.on("data", (text) => (output += text));
  process_.stderr.on("data", (text) => (output += text));
  return new Promise((resolve, reject) => {
    process_.on("error", reject);
    process_.on("close", (code) => resolve({ code, output, ranks: ranksIn(output) }));
  });
}

function ranksIn(output: string): Record<string, unknown>[] {
  const rows = output.split("\n").filter((line) => line.startsWith('{"launcher"'));
  return rows
    .map((row) => JSON.parse(row) as Record<string, unknown>)
    .toSorted((a, b) => Number(a.rank) - Number(b.rank));
}

const reason = whyNoSlurm();
if (reason) process.stderr.write(`skipped, Slurm: ${reason}\n`);

describe.skipIf(reason !== null)("under Slurm", () => {
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "flm-slurm-"));
    chmodSync(directory, 0o755);
    slurm = startSlurm(directory, 2);
    const secret = join(directory, "secret");
    writeFileSync(secret, "0123456789abcdef0123456789abcdef", { mode: 0o600 });
  });

  afterAll(() => {
    slurm.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** For ranks on two nodes, which do not talk over loopback. */
  function acrossNodes() {
    const MASTER_ADDR = ownAddress() ?? expect.fail("this machine has no address but loopback");
    return { MASTER_ADDR, MASTER_PORT: "29717", FLM_SECRET_FILE: join(directory, "secret") };
  }

  it("the tasks of srun find each other", async () => {
    const { code, ranks, output } = await run(["srun", "-N1", "-n4", ...RANK]);
    expect(code, output).toBe(0);
    expect(ranks).toHaveLength(4);
    for (const [rank, row] of ranks.entries())
      expect(row).toMatchObject({
        launcher: "slurm",
        rank,
        local_rank: rank,
        local_world_size: 4,
        node_rank: 0,
        ranks: [0, 1, 2, 3],
      });
  });

  it.skipIf(ownAddress() === null)("so do tasks on two nodes, three and one", async () => {
    const { code, ranks, output } = await run(["srun", "-N2", "-n4", ...RANK], acrossNodes());
    expect(code, output).toBe(0);
    expect(ranks.map((row) => [row.node_rank, row.local_rank, row.local_world_size])).toEqual([
      [0, 0, 3],
      [0, 1, 3],
      [0, 2, 3],
      [1, 0, 1],
    ]);
  });

  it("tasks on two nodes want a secret", async () => {
    const { MASTER_ADDR } = acrossNodes();
    const { code, output } = await run(["srun", "-N2", "-n2", ...RANK], { MASTER_ADDR });
    expect(code, output).toBe(78);
    expect(output).toContain(`rank 0 is at ${MASTER_ADDR}, where other machines can connect`);
  });

  it("all hear of a task that is killed", async () => {
    const { output } = await run(["srun", "-N1", "-n3", ...RANK, "1:kill", "all:wait"]);
    expect(output.match(/^lost rank 1 \(here\): /gm)).toHaveLength(2);
    expect(output).toContain("Exited with exit code 75");
  });

  it("a command in an allocation, but without srun, is refused", async () => {
    const { code, output } = await run(["salloc", "-N1", "-n2", ...RANK]);
    expect(code, output).not.toBe(0);
    expect(output).toContain("SLURM_NTASKS=2, but srun did not start this process");
  });

  it("the example saves, is requeued, and goes on as the next attempt", async () => {
    // The machine has no GPUs and four CPUs a node; the command is a rank that asks to be run again once.
    const script = readFileSync(EXAMPLE, "utf8")
      .replace(/^#SBATCH --gpus-per-node=.*\n/m, "")
      .replace(/--nodes=\d+/, "--nodes=1")
      .replace(/--ntasks-per-node=\d+/, "--ntasks-per-node=2")
      .replace(/--cpus-per-task=\d+/, "--cpus-per-task=1");
    writeFileSync(join(directory, "pretrain.sbatch"), script);
    const stub = join(directory, "node_modules", ".bin", "flm-train");
    mkdirSync(dirname(stub), { recursive: true });
    writeFileSync(stub, `#!/bin/bash\nexec ${RANK.join(" ")} all:again-once\n`, { mode: 0o755 });
    const log = join(directory, "job.log");
    const submit = ["sbatch", "--parsable", `--output=${log}`, "pretrain.sbatch"];
    const { code, output } = await run(submit);
    expect(code, output).toBe(0);
    const rows = () => ranksIn(readFileSync(log, { encoding: "utf8", flag: "a+" }));
    await expect.poll(() => rows().length, { timeout: 100_000, interval: 200 }).toBe(4);
    expect(rows().map(({ rank, attempt }) => [rank, attempt])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
  });

  const noMpirun = whyNoMpirun();
  if (noMpirun) process.stderr.write(`skipped, mpirun: ${noMpirun}\n`);
  describe.skipIf(noMpirun !== null)("and mpirun", () => {
    it("the ranks find each other", async () => {
      const { code, ranks, output } = await run(["mpirun", "-n", "3", ...RANK], MPIRUN);
      expect(code, output).toBe(0);
      for (const [rank, row] of ranks.entries())
        expect(row).toMatchObject({ launcher: "openmpi", rank, ranks: [0, 1, 2] });
    });

    it.skipIf(ownAddress() === null)("also on two nodes, where srun starts daemons", async () => {
      const variables = Object.entries(acrossNodes()).flatMap(([name, value]) => [
        "-x",
        `${name}=${value}`,
      ]);
      const command = ["salloc", "-N2", "-n4", "mpirun", ...variables, ...RANK];
      const { code, ranks, output } = await run(command, MPIRUN);
      expect(code, output).toBe(0);
      expect(ranks.map(({ local_world_size }) => local_world_size)).toEqual([3, 3, 3, 1]);
    });
  });
});
