import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { flm, succeed } from "./support/cli.ts";
import { expectFailure } from "./support/failures.ts";
import { leftovers } from "./support/killed-run.ts";
import { project, SMALL } from "./support/project.ts";
import { checkpoints, latest, metrics, state } from "./support/run-files.ts";

/** Room for two checkpoints of 0.6 MB and not for a third: old ones are deleted after the new one is whole. */
const MEGABYTES = 2;
const READ_ONLY = fileURLToPath(new URL("support/read-only-from.mjs", import.meta.url));
const KEEP = { checkpoint: { interval_steps: 4, keep: 3 } };

/** Mounts a disk of that size at `path`, or returns why that is not allowed. */
function mountSmallDisk(path: string): string | null {
  mkdirSync(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${MEGABYTES}m`, "tmpfs", path], {
      stdio: "pipe",
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  onTestFinished(() => {
    execFileSync("umount", ["-l", path]);
  });
  return null;
}

describe("a full disk", () => {
  it("ends the run with 74, keeps every checkpoint, and with room again it goes on", async (test) => {
    const { directory, run, path } = project(KEEP);
    const disk = path("disk");
    const refusal = mountSmallDisk(disk);
    if (refusal !== null) test.skip(`no small disk to fill: ${refusal}`);
    const small = join(disk, "run");
    const ballast = join(disk, "ballast");
    writeFileSync(ballast, Buffer.alloc(500_000));
    await expectFailure(
      ["config.yaml", "--out", small],
      { cwd: directory },
      { exit: 74, code: "IO", says: [small, /no space/i], remedy: "same command again" },
    );
    const kept = checkpoints(small);
    expect(kept.length).toBeGreaterThan(0);
    expect(leftovers(small)).toEqual([]);

    rmSync(ballast);
    await succeed(["config.yaml", "--out", small, "--set", "checkpoint.keep=1"], {
      cwd: directory,
    });
    await succeed(["config.yaml"], { cwd: directory });
    expect(state(latest(small))).toEqual(state(latest(run)));
    expect(metrics(small)).toEqual(metrics(run));
    expect(leftovers(small)).toEqual([]);
  });

  it("is said by the one of several ranks that could not write", async (test) => {
    const { directory, path } = project({
      ...KEEP,
      stages: [{ ...SMALL, micro_batch_size: 1, parallel: { pipeline_parallel_size: 2 } }],
    });
    const disk = path("disk");
    const refusal = mountSmallDisk(disk);
    if (refusal !== null) test.skip(`no small disk to fill: ${refusal}`);
    const small = join(disk, "run");
    writeFileSync(join(disk, "ballast"), Buffer.alloc(500_000));
    const { code, stderr } = await flm(["config.yaml", "--out", small], { cwd: directory });
    expect(code, stderr).toBe(74);
    // What the launcher says after all have ended repeats the words of the one that it blames.
    const [said, blamed] = stderr.split(/^rank (\d) ended with exit code 74/m);
    const speakers = [...said!.matchAll(/^(?:\[(\d)\] )?error: cannot write .* No space/gm)];
    expect(speakers.map(([, rank = "0"]) => rank)).toEqual([blamed]);
  });

  it.for([0, 1, 3, 8])("with %i free pages refuses at the first file", async (pages, test) => {
    const { directory, path } = project();
    const disk = path("disk");
    const refusal = mountSmallDisk(disk);
    if (refusal !== null) test.skip(`no small disk to fill: ${refusal}`);
    fill(disk, pages);
    await expectFailure(
      ["config.yaml", "--out", join(disk, "run")],
      { cwd: directory },
      { exit: 74, code: "IO", says: [disk, /no space/i], remedy: "--out" },
    );
  });
});

describe("a file system that turns read-only", () => {
  it("is said of the file that was to be written, whatever else cannot be written then", async () => {
    const { directory, run, path } = project(KEEP);
    await expectFailure(
      ["config.yaml"],
      { cwd: directory, env: { FLM_TEST_LAST_ROW: "6" }, nodeOptions: ["--import", READ_ONLY] },
      { exit: 74, code: "IO", says: [join(run, "metrics.jsonl"), /EROFS/], remedy: "--out" },
    );
    await succeed(["config.yaml"], { cwd: directory });
    await succeed(["config.yaml", "--out", "unbroken"], { cwd: directory });
    expect(state(latest(run))).toEqual(state(latest(path("unbroken"))));
    expect(metrics(run)).toEqual(metrics(path("unbroken")));
    expect(leftovers(run)).toEqual([]);
  });
});

function fill(disk: string, free: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, "ballast"), Buffer.alloc((bavail - free) * bsize));
}
