import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { flm, json, start, succeed } from "./support/cli.ts";
import { expectFailure } from "./support/failures.ts";
import { project, sharedProject, SMALL, STEP_TOKENS } from "./support/project.ts";
import { events, latest } from "./support/run-files.ts";

const { directory, run, path } = sharedProject({
  stages: [{ ...SMALL, tokens: 150 * STEP_TOKENS }],
  checkpoint: { interval_steps: 100 },
});

beforeAll(async () => {
  await succeed(["config.yaml"], { cwd: directory });
}, 120_000);

async function text(...args: string[]): Promise<string> {
  const prompt = ["--prompt", "the sea "];
  const outcome = await succeed(["generate", ...args, ...prompt, "--json"], { cwd: directory });
  return json(outcome).text as string;
}

describe("generate", () => {
  it("continues with text like the training text, from a run or from one checkpoint", async () => {
    const greedy = ["--temperature", "0", "--max-tokens", "12"];
    const ofRun = await text(run, ...greedy);
    expect(ofRun).toHaveLength(12);
    expect(ofRun).toMatch(/^[a-z ,.]+$/);
    expect(await text(latest(run), ...greedy)).toBe(ofRun);
    const outcome = await succeed(
      ["generate", run, "--prompt", "the sea ", "--json", ...greedy, "--seed", "9"],
      { cwd: directory },
    );
    expect(json(outcome)).toEqual({
      status: "done",
      checkpoint: latest(run),
      prompt: "the sea ",
      text: ofRun,
      finish: "length",
    });
  });

  it("holds the weights in the type that it is told", async () => {
    const short = ["--max-tokens", "12", "--temperature", "0"];
    expect(await text(run, "--weights", "int8", ...short)).toMatch(/^[a-z ,.]{12}$/);
  });

  it("refuses 8-bit weights on a GPU", async () => {
    const copy = path("on-a-gpu");
    cpSync(run, copy, { recursive: true });
    const config = join(copy, "config.yaml");
    writeFileSync(config, readFileSync(config, "utf8").replace(/^device: .*$/m, "device: cuda"));
    await expectFailure(
      ["generate", copy, "--prompt", "a", "--weights", "int8"],
      { cwd: directory },
      { exit: 64, code: "USAGE", says: ["int8", "device is cuda"], remedy: "device: cpu" },
    );
  });

  it("ends when nobody reads what it writes, though there are more prompts", async () => {
    const running = start(["generate", run, "--max-tokens", "2"], { cwd: directory });
    const { stdin, stdout } = running.child;
    // It may be gone before all prompts are written.
    stdin.on("error", () => {});
    stdin.write("the sea\n");
    stdout.once("data", () => {
      stdout.destroy();
      stdin.write("she\n".repeat(100));
    });
    expect(await running.outcome).toMatchObject({ code: 0, signal: null });
  });

  it("says nothing of a prompt that it cannot continue", async () => {
    const args = ["generate", run, "--prompt", "the sea ", "--temperature", "-1"];
    const outcome = await flm(args, { cwd: directory });
    expect(outcome).toMatchObject({ code: 64, stdout: "" });
    expect(outcome.stderr).toMatch(/^error: temperature is -1/);
  });

  it("repeats itself for one seed and not for another", async () => {
    const hot = ["--temperature", "1.5", "--top-p", "1"];
    const first = await text(run, ...hot, "--seed", "3");
    expect(await text(run, ...hot, "--seed", "3")).toBe(first);
    expect(await text(run, ...hot, "--seed", "4")).not.toBe(first);
  });

  it("writes prompt and continuation on stdout without --json", async () => {
    const args = ["generate", run, "--prompt", "the sea ", "--temperature", "0"];
    const outcome = await succeed(args, { cwd: directory });
    expect(outcome.stdout).toBe(`the sea ${await text(run, "--temperature", "0")}\n`);
  });

  it("ends when the context is full", async () => {
    const all = await text(run, "--temperature", "0", "--max-tokens", "500");
    expect(all.length).toBeLessThan(32);
    expect(all.length).toBeGreaterThan(20);
  });

  it("reads prompts line by line, and answers each with one object under --json", async () => {
    const running = start(["generate", run, "--json", "--max-tokens", "3"], { cwd: directory });
    running.child.stdin.end("the sea\n\nshe\n");
    const { code, stdout } = await running.outcome;
    expect(code).toBe(0);
    const answers = stdout.trimEnd().split("\n");
    expect(answers.map((line) => JSON.parse(line))).toMatchObject([
      { prompt: "the sea", text: expect.stringMatching(/^.{3}$/) },
      { prompt: "she", text: expect.stringMatching(/^.{3}$/) },
    ]);
  });

  it("continues a file of prompts, each as it is continued alone", async () => {
    const listed = [
      { prompt: "the sea ", seed: 3 },
      { prompt: "she ", seed: 4 },
      { prompt: "the sea ", seed: 5 },
    ];
    writeFileSync(
      path("prompts.jsonl"),
      listed.map((each) => `${JSON.stringify(each)}\n`).join(""),
    );
    const sampling = ["--max-tokens", "9", "--json"];
    const args = ["generate", run, "--prompts", "prompts.jsonl", ...sampling];
    const { stdout } = await succeed(args, { cwd: directory });
    const answers = stdout.trimEnd().split("\n");
    for (const [i, { prompt, seed }] of listed.entries()) {
      const alone = ["generate", run, "--prompt", prompt, "--seed", String(seed), ...sampling];
      expect(JSON.parse(answers[i]!)).toEqual(json(await succeed(alone, { cwd: directory })));
    }
  });

  it("ends in front of a stop string", async () => {
    const all = await text(run, "--temperature", "0");
    const stop = all.slice(4, 6);
    expect(await text(run, "--temperature", "0", "--stop", stop, "zzz")).toBe(
      all.slice(0, all.indexOf(stop)),
    );
  });

  it("goes by the newest checkpoint that is whole", async () => {
    const copy = path("copy");
    cpSync(run, copy, { recursive: true });
    rmSync(join(latest(copy), "shard-00001-of-00001.safetensors"));
    const args = ["generate", copy, "--prompt", "the ", "--json"];
    const outcome = await succeed(args, { cwd: directory });
    expect(json(outcome).checkpoint).toMatch(/step-00000100\.e0001$/);
    expect(outcome.stderr).toMatch(/^warning: passed over .*step-00000150\.e0001.*is missing$/m);
  });
});

describe("a model with", () => {
  it("an open growth mask is said to be one", async () => {
    const stages = [SMALL, { ...SMALL, num_layers: 3 }];
    const ramp = project({ stages, growth: { ramp_steps: 6 } });
    await succeed(["config.yaml"], { cwd: ramp.directory });
    const checkpoint = (step: number) => join(ramp.run, "checkpoints", `step-000000${step}.e0001`);
    const warned = async (step: number) => {
      const args = ["generate", checkpoint(step), "--prompt", "a"];
      return (await succeed(args, { cwd: ramp.directory })).stderr;
    };
    expect(await warned(16)).toMatch(/step 16 lies within a growth ramp \(m = 0\.67\).*step 18 /);
    expect(await warned(20)).toBe("");
  });

  it("more rows than its tokenizer has tokens writes only what the tokenizer has", async () => {
    const wide = project({
      model: { family: "llama", seq_length: 32, vocab_size: 2000 },
      eval: { sample_prompt: "the ", sample_tokens: 20 },
    });
    await succeed(["config.yaml"], { cwd: wide.directory });
    expect(events(wide.run, "sample")).toMatchObject([
      { prompt: "the ", text: expect.any(String) },
    ]);
    const args = ["generate", wide.run, "--prompt", "a", "--temperature", "9", "--top-p", "1"];
    expect(await succeed(args, { cwd: wide.directory })).toMatchObject({ stderr: "" });
  });
});

it("a sample_prompt longer than the context is refused before the training", async () => {
  const long = project({ eval: { sample_prompt: "x".repeat(33) } });
  await expectFailure(
    ["config.yaml"],
    { cwd: long.directory },
    {
      exit: 64,
      code: "CONFIG_INVALID",
      says: ["eval.sample_prompt", "33", "32"],
      remedy: "shorten",
    },
  );
  expect(existsSync(join(long.run, "metrics.jsonl"))).toBe(false);
});

describe("generate refuses", () => {
  const checkpoint = { exit: 65, code: "CHECKPOINT_NOT_FOUND" };
  const argument = { exit: 64, code: "INVALID_ARGUMENT" };

  it.each([
    ["a run that is not there", "runs/none", ["runs/none"], "runs/NAME"],
    ["a file", "config.yaml", ["config.yaml"], "runs/NAME"],
    ["a directory without checkpoints", ".", ["holds no checkpoint"], "first checkpoint"],
  ])("%s", async (_, target, says, remedy) => {
    const args = ["generate", target, "--prompt", "a"];
    await expectFailure(args, { cwd: directory }, { ...checkpoint, says, remedy });
  });

  it.each([
    ["a prompt longer than the context", ["--prompt", "x".repeat(40)], ["40", "32"], "shorten"],
    ["a temperature below 0", ["--prompt", "a", "--temperature", "-1"], ["-1"], "0 or more"],
    ["no tokens", ["--prompt", "a", "--max-tokens", "0"], ["max_tokens is 0"], "from 1 on"],
    ["a share above 1", ["--prompt", "a", "--top-p", "2"], ["top_p is 2"], "at most 1"],
  ])("%s", async (_, options, says, remedy) => {
    const args = ["generate", run, ...options];
    await expectFailure(args, { cwd: directory }, { ...argument, says, remedy });
  });

  it("an option that is not a number", async () => {
    const args = ["generate", run, "--prompt", "a", "--seed", "one"];
    const says = ["--seed", "one"];
    await expectFailure(
      args,
      { cwd: directory },
      { exit: 64, code: "USAGE", says, remedy: "number" },
    );
  });

  it("a file of prompts for one that is too long, by its place", async () => {
    const args = ["generate", run, "--prompts", path("long.txt")];
    writeFileSync(path("long.txt"), `a\n${"x".repeat(40)}\n`);
    const says = ["prompt 2 of 2 has 40 tokens"];
    await expectFailure(args, { cwd: directory }, { ...argument, says, remedy: "shorten" });
  });

  it.each([
    ["a prompt that is too long", ["--prompt", "x".repeat(40)], "the prompt has 40 tokens"],
    ["a temperature below 0", ["--prompt", "a", "--temperature", "-1"], "temperature is -1"],
  ])("%s once, where several ranks would refuse it", async (_, options, says) => {
    const args = ["generate", run, ...options, "--tensor-parallel", "2", "--json"];
    const outcome = await flm(args, { cwd: directory });
    expect(outcome).toMatchObject({ code: 64, stderr: "" });
    expect(json(outcome)).toMatchObject({ status: "error", code: "INVALID_ARGUMENT" });
    expect(json(outcome).message).toContain(says);
  });

  it("a prompt beside a file of prompts", async () => {
    const args = ["generate", run, "--prompt", "a", "--prompts", "prompts.txt"];
    const says = ["--prompt and --prompts"];
    await expectFailure(
      args,
      { cwd: directory },
      { exit: 64, code: "USAGE", says, remedy: "leave one out" },
    );
  });

  it("a second checkpoint on the command line", async () => {
    expect(await flm(["generate", run, run], { cwd: directory })).toMatchObject({ code: 64 });
  });
});
