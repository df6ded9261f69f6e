import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ExitCode } from "../../../../lib/errors.ts";
import { detectLaunch } from "../../../../lib/parallel/launch/detect.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

function example(name: string): string {
  return fileURLToPath(new URL(`../../../../examples/${name}`, import.meta.url));
}

describe("examples/slurm/pretrain.sbatch", () => {
  const path = example("slurm/pretrain.sbatch");
  const text = readFileSync(path, "utf8");
  const options = Object.fromEntries(
    [...text.matchAll(/^#SBATCH --([a-z-]+)(?:=(.+))?$/gm)].map(([, name, value]) => [name, value]),
  );

  /** Runs it with an srun that ends with `code`; what was started, in order, and what srun was given of the secret. */
  function submit(code: number, env: Record<string, string> = {}) {
    const directory = join(temporaryDirectory(), "a directory");
    const calls = join(directory, "calls");
    mkdirSync(directory);
    for (const [name, does] of [
      ["srun", `stat -c %a-%s "$FLM_SECRET_FILE" >> secret; exit ${code}`],
      ["scontrol", ""],
    ]) {
      const program = join(directory, name!);
      writeFileSync(program, `#!/bin/bash\nprintf '%s|' ${name} "$@" >> calls; ${does}\n`);
      chmodSync(program, 0o755);
    }
    const { status } = spawnSync("bash", [path, "my config.yaml"], {
      cwd: directory,
      env: {
        PATH: `${directory}:${process.env.PATH}`,
        SLURM_JOB_ID: "17",
        SLURM_CPUS_PER_TASK: "8",
        ...env,
      },
    });
    expect(status).toBe(code);
    expect(readFileSync(join(directory, "secret"), "utf8")).toBe("600-45\n");
    expect(readdirSync(directory).filter((name) => name.startsWith(".flm-secret"))).toEqual([]);
    return readFileSync(calls, "utf8");
  }

  it("starts the ranks with srun, and says again how many cores each has", () => {
    // Slurm 22.05 to 23.02 hands the option on to no srun: a rank has one core then.
    expect(submit(0)).toBe("srun|--cpus-per-task=8|node_modules/.bin/flm-train|my config.yaml|");
  });

  it.each([
    [ExitCode.done, "0", false],
    [ExitCode.diverged, "0", false],
    [ExitCode.try_again, "99", true],
    [137, "4", true],
    [137, "5", false],
  ])("after exit code %i and %s restarts, goes back into the queue: %s", (code, restarts, goes) => {
    const calls = submit(code, { SLURM_RESTART_COUNT: restarts });
    expect(calls.endsWith("scontrol|requeue|17|")).toBe(goes);
  });

  it("asks for one task a GPU, and for a signal that stops a run", () => {
    expect(options["ntasks-per-node"]).toBe(options["gpus-per-node"]);
    expect(options.signal).toMatch(/^TERM@\d+$/);
  });

  it("may be requeued", () => {
    expect(options).toHaveProperty("requeue");
  });
});

interface Variable {
  name: string;
  value?: string;
  valueFrom?: { fieldRef: { fieldPath: string } };
}

describe("examples/kubernetes/jobset.yaml", () => {
  const { kind, metadata, spec } = parse(readFileSync(example("kubernetes/jobset.yaml"), "utf8"));
  const [job] = spec.replicatedJobs;
  const pod = job.template.spec.template.spec;
  const [container] = pod.containers;
  const variables = container.env as Variable[];
  const given = Object.fromEntries(variables.map(({ name, value = "1" }) => [name, value]));

  it("is a JobSet whose pods find their ranks", () => {
    expect(kind).toBe("JobSet");
    const nodes = job.template.spec.parallelism as number;
    const gpus = container.resources.limits["nvidia.com/gpu"] as number;
    expect(job.template.spec.completions).toBe(nodes);
    for (let node = 0; node < nodes; ++node)
      expect(detectLaunch({ ...given, JOB_COMPLETION_INDEX: String(node) })).toMatchObject({
        launcher: "kubernetes",
        rank: node * gpus,
        world_size: nodes * gpus,
        ranks_to_start: gpus,
        master_address: `${metadata.name}-${job.name}-0-0.${spec.network.subdomain}`,
        master_port: 29500,
        attempt: 1,
      });
  });

  it("mounts what its variables and its command name", () => {
    const mounts = (container.volumeMounts as { name: string; mountPath: string }[]).map(
      ({ mountPath }) => mountPath,
    );
    for (const path of [given.FLM_SECRET_FILE!, container.command[1], container.command[3]])
      expect(mounts.some((mount) => path.startsWith(`${mount}/`))).toBe(true);
    const names = (list: { name: string }[]) => list.map(({ name }) => name).toSorted();
    expect(names(pod.volumes)).toEqual(names(container.volumeMounts));
    const secret = pod.volumes.find(({ name }: { name: string }) => name === "secret");
    expect(secret.secret.defaultMode).toBe(0o400);
  });

  it("gives up where the exit code is final, and starts again otherwise", () => {
    const final = [ExitCode.usage, ExitCode.bad_data, ExitCode.diverged, ExitCode.environment];
    const [byCode] = job.template.spec.podFailurePolicy.rules;
    expect(byCode).toMatchObject({
      action: "FailJob",
      onExitCodes: { containerName: container.name, operator: "In", values: final },
    });
    const [rule] = spec.failurePolicy.rules;
    const pattern = new RegExp(rule.onJobFailureMessagePatterns[0]);
    for (const code of Object.values(ExitCode))
      expect(pattern.test(`Container failed with exit code ${code} matching FailJob`)).toBe(
        (final as number[]).includes(code),
      );
  });
});
