import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flm, json, start, succeed } from "./support/cli.ts";
import { corpus } from "./support/corpus.ts";
import { expectFailure } from "./support/failures.ts";
import { project, SMALL } from "./support/project.ts";
import { events, metrics, rows } from "./support/run-files.ts";

const WITHOUT_ADDON = { FLM_NATIVE: "/dev/null/flm.node" };

describe("from nothing to text", () => {
  it("init, train on one's own text with a trained tokenizer, generate", async () => {
    const { directory, path } = project();
    const written = await succeed(["init", "mine", "--json"], { cwd: directory });
    expect(json(written)).toEqual({ status: "done", config: path("mine/config.yaml") });
    mkdirSync(path("data/deep"), { recursive: true });
    for (let i = 0; i < 30; i++) writeFileSync(path(`data/deep/${i}.txt`), corpus(4, i));

    const smaller = [
      "tokenizer.vocab_size=300",
      "model.seq_length=64",
      "stages.0.tokens=6k",
      "stages.0.warmup_steps=1",
      "stages.1.tokens=4k",
      "stages.2.tokens=4k",
      "growth.ramp_steps=2",
    ].flatMap((set) => ["--set", set]);
    const args = ["mine/config.yaml", "--json", ...smaller];
    const run = path("runs/my-model");
    const result = json(await succeed(args, { cwd: directory }));
    expect(result).toMatchObject({ status: "done", run_dir: run });
    expect(events(run, "growth").map(({ preserving }) => preserving)).toEqual([true, true]);
    expect(events(run, "sample")).toMatchObject([0, 1, 2].map(() => ({ prompt: "The " })));
    expect(existsSync(join(run, "tokenizer.json"))).toBe(true);
    const generated = await succeed(["generate", run, "--prompt", "the ", "--json"], {
      cwd: directory,
    });
    expect(json(generated).text).not.toBe("");
  });

  it("init says what to do next, and it works where it says so", async () => {
    const { directory, path } = project();
    const { stderr } = await succeed(["init", "mine"], { cwd: directory });
    expect(stderr).toContain("put text into mine/data");
    expect(stderr).toContain("cd mine && npx flm-train config.yaml");
    writeFileSync(path("mine/data/a.txt"), corpus(40));
    const sets = ["--set", "tokenizer.vocab_size=300"];
    await succeed(["tokenize", "config.yaml", ...sets], { cwd: path("mine") });
  });

  it("init quotes what a shell would take apart", async () => {
    const { directory } = project();
    const { stderr } = await succeed(["init", "Ann's model"], { cwd: directory });
    expect(stderr).toContain("cd 'Ann'\\''s model' && npx flm-train config.yaml");
  });

  it("init names the schema where an editor finds it", async () => {
    const { directory, path } = project();
    await succeed(["init", "mine"], { cwd: directory });
    const [first] = readFileSync(path("mine/config.yaml"), "utf8").split("\n");
    const schema = /^# yaml-language-server: \$schema=(.+)$/.exec(first!)![1]!;
    const { properties } = JSON.parse(readFileSync(join(path("mine"), schema), "utf8"));
    expect(Object.keys(properties)).toContain("stages");
  });

  it("init never overwrites", async () => {
    const { directory, path } = project();
    const before = readFileSync(path("config.yaml"), "utf8");
    await expectFailure(
      ["init"],
      { cwd: directory },
      { exit: 64, code: "USAGE", says: [path("config.yaml")], remedy: "another directory" },
    );
    expect(readFileSync(path("config.yaml"), "utf8")).toBe(before);
  });
});

describe("the first word", () => {
  const cwd = tmpdir();

  it("may be a mistyped command", async () => {
    const outcome = await flm(["genrate", "runs/tiny"], { cwd });
    expect(outcome.code).toBe(64);
    expect(outcome.stderr).toMatch(/unknown command 'genrate'\n\(Did you mean generate\?\)/);
  });

  it("is a config otherwise, also one that is called like a command", async () => {
    for (const name of ["train.yaml", "xyzzy"])
      await expectFailure(
        [name],
        { cwd },
        { exit: 64, code: "CONFIG_NOT_FOUND", says: [name], remedy: "check the path" },
      );
  });
});

describe("what is asked for wrongly", () => {
  const cwd = tmpdir();

  it.each([
    ["help nothing", "there is no command nothing"],
    ["build --arch 90a", "--cuda is not given"],
    ["eval runs/x", "perplexity"],
    ["export runs/x", "gguf"],
  ])("flm-train %s", async (line, says) => {
    const { code, stdout, stderr } = await flm(line.split(" "), { cwd });
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toContain(says);
  });

  it("help of a command is shown, without lists that are empty", async () => {
    const { stdout } = await succeed(["help", "train"], { cwd });
    expect(stdout).toContain("--set <path=value>");
    expect(stdout).not.toContain("[]");
  });
});

describe("tokenize", () => {
  it("makes what train then finds", async () => {
    const { directory, run, path } = project();
    const result = json(await succeed(["tokenize", "config.yaml", "--json"], { cwd: directory }));
    expect(result).toMatchObject({ status: "done", vocab_size: 257 });
    expect(existsSync(run)).toBe(false);
    const made = readdirSync(path(".flm-cache"));
    expect(made).toHaveLength(1);
    await succeed(["config.yaml"], { cwd: directory });
    expect(readdirSync(path(".flm-cache"))).toEqual(made);
  });
});

describe("doctor", () => {
  async function launcher(env: Record<string, string>) {
    const { directory } = project();
    const found = json(await succeed(["doctor", "--json"], { cwd: directory, env }));
    const checks = found.checks as { name: string; ok: boolean; found: string; remedy: string }[];
    return checks.find(({ name }) => name === "launcher")!;
  }

  it("looks for what builds the addon", async () => {
    const { directory } = project();
    const env = { CXX: "/opt/none/g++ -m64" };
    const { checks } = json(await succeed(["doctor", "--json"], { cwd: directory, env })) as {
      checks: { name: string; ok: boolean }[];
    };
    const names = checks.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["/opt/none/g++", "make", "python3", "cmake"]));
    expect(checks.find(({ name }) => name === "/opt/none/g++")!.ok).toBe(false);
  });

  it("finds the nvcc that builds the CUDA addon, which need not be on PATH", async () => {
    const { directory } = project();
    mkdirSync(join(directory, "cuda/bin"), { recursive: true });
    const script = "#!/bin/sh\necho 'Cuda compilation tools, release 99.1, V99.1.20'\n";
    writeFileSync(join(directory, "cuda/bin/nvcc"), script, { mode: 0o755 });
    const env = { CUDA_HOME: join(directory, "cuda") };
    const { checks } = json(await succeed(["doctor", "--json"], { cwd: directory, env })) as {
      checks: { name: string; ok: boolean; found: string }[];
    };
    expect(checks.find(({ name }) => name === "nvcc")).toMatchObject({
      ok: true,
      found: `CUDA 99.1, ${directory}/cuda/bin/nvcc`,
    });
  });

  it("says which launcher has started it, and by which variables", async () => {
    const { ok, found } = await launcher({ RANK: "1", WORLD_SIZE: "4", LOCAL_RANK: "1" });
    expect({ ok, found }).toEqual({
      ok: true,
      found: "torchrun: rank 1 of 4, by RANK and WORLD_SIZE",
    });
  });

  it("says what is wrong with the launcher's variables", async () => {
    const { ok, found, remedy } = await launcher({ SLURM_NTASKS: "4" });
    expect(ok).toBe(false);
    expect(found).toContain("SLURM_NTASKS=4, but srun did not start this process");
    expect(remedy).toContain("srun node_modules/.bin/flm-train");
  });
});

describe("without the addon", () => {
  it("doctor says so with its exit code", async () => {
    const { directory } = project();
    const outcome = await flm(["doctor"], { cwd: directory, env: WITHOUT_ADDON });
    expect(outcome.code).toBe(78);
    expect(outcome.stdout).toMatch(/^missing {2}addon/m);
    expect(outcome.stdout).toContain("npx flm-train build");
  });

  it.each(["--help", "train --help", "init fresh"])("flm-train %s works", async (line) => {
    const { directory } = project();
    await succeed(line.split(" "), { cwd: directory, env: WITHOUT_ADDON });
  });

  it("training says where it looked and how to build it", async () => {
    const { directory } = project();
    await expectFailure(
      ["config.yaml"],
      { cwd: directory, env: WITHOUT_ADDON },
      {
        exit: 78,
        code: "NATIVE_UNAVAILABLE",
        says: ["/dev/null/flm.node"],
        remedy: "npx flm-train build",
      },
    );
  });
});

describe("the command line", () => {
  it("prints nothing but the result on stdout under --json, and progress on stderr", async () => {
    const { directory, run } = project();
    const outcome = await succeed(["train", "config.yaml", "--json"], { cwd: directory });
    expect(Object.keys(json(outcome))).toEqual([
      "status",
      "steps",
      "tokens",
      "loss",
      "validation_loss",
      "bigram_loss",
      "tokens_per_second",
      "checkpoint",
      "run_dir",
    ]);
    expect(outcome.stderr).toContain(`run         ${run}`);
    expect(outcome.stderr).toMatch(/^validation {2}step 12: loss \d\.\d{4}/m);
    expect(rows(join(run, "metrics.jsonl")).map((row) => Object.keys(row).join(" "))).toEqual(
      Array(12).fill(
        "step stage ramp tokens loss lr grad_norm skipped step_ms tokens_per_second tflops mfu " +
          "flops_total memory_bytes",
      ),
    );
  });

  it.each([1, 2])("trains on when nobody reads any more what %i ranks say", async (ranks) => {
    const stages = [{ ...SMALL, parallel: { data_parallel_size: ranks } }];
    const { directory, run } = project({ stages });
    const { child, outcome } = start(["config.yaml", "--json"], { cwd: directory });
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
    expect((await outcome).code).toBe(0);
    expect(metrics(run)).toHaveLength(12);
  });

  it("shows its version and, without arguments, what it can do", async () => {
    const { directory } = project();
    expect((await succeed(["--version"], { cwd: directory })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const { code, stdout } = await flm([], { cwd: directory });
    expect(code).toBe(0);
    expect(stdout).toContain("Examples:");
  });
});
