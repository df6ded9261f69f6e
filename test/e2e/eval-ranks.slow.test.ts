import { beforeAll, describe, expect, it } from "vitest";
import { flm, json, succeed } from "./support/cli.ts";
import { expectFailure } from "./support/failures.ts";
import { sharedProject, SMALL } from "./support/project.ts";
import { events } from "./support/run-files.ts";

const SEQ_LENGTH = 256;
const QUIZ = [
  { question: "Where are the shells?", choices: ["at the shore", "on the moon"], answer: 0 },
  { question: "Who sells them?", choices: ["she", "a stone"], answer: "A" },
  { ctx: "she sells sea", endings: ["shells", "trees"], label: "0" },
].map((line) => JSON.stringify(line));

/** Two replicas of a pipeline of two ranks. */
const { directory, run, write } = sharedProject({
  model: { family: "llama", seq_length: SEQ_LENGTH },
  stages: [
    {
      ...SMALL,
      micro_batch_size: 1,
      tokens: 6 * 4 * SEQ_LENGTH,
      parallel: { pipeline_parallel_size: 2, data_parallel_size: 2 },
    },
  ],
  eval: {
    interval_steps: 1000,
    suites: ["perplexity", "iq", "choice"],
    limit: 2,
    choice_file: "quiz.jsonl",
    sample_prompt: "she ",
    sample_tokens: 8,
  },
});
const cwd = { cwd: directory };

beforeAll(async () => {
  write("quiz.jsonl", QUIZ.join("\n"));
  await succeed(["config.yaml"], cwd);
}, 120_000);

type Scored = Record<"tasks" | "groups", Record<string, unknown>[]>;
const evaluated = async (...args: string[]) =>
  json(await succeed(["eval", run, ...args, "--json"], cwd)) as unknown as Scored;
const written = async (...args: string[]) => {
  const prompt = ["--prompt", "the sea ", "--temperature", "1", "--max-tokens", "20"];
  return (await succeed(["generate", run, ...prompt, ...args], cwd)).stdout;
};

const IQ = ["--suite", "iq", "--limit", "2"];
const CHOICE = ["--suite", "choice", "quiz.jsonl", "--limit", "2"];

it("a model that several ranks train leaves a sample", () => {
  const samples = events(run, "sample");
  expect(samples).toHaveLength(1);
  expect(samples[0]).toMatchObject({ prompt: "she ", text: expect.stringMatching(/./s) });
});

describe("several ranks", () => {
  it.each([
    ["iq", IQ, ["--data-parallel", "2", "--pipeline-parallel", "2"]],
    ["choice", CHOICE, ["--data-parallel", "2", "--tensor-parallel", "2"]],
  ])("score %s as one does, while they train and later", async (suite, args, ranks) => {
    const one = await evaluated(...args);
    const [event] = events(run, "evaluation").filter((row) => row.suite === suite);
    expect(one.groups).toEqual(event!.groups);
    expect(one.tasks).toMatchObject(event!.tasks as object);
    expect(await evaluated(...args, ...ranks)).toEqual(one);
  });

  it("measure the perplexity that one does", async () => {
    const ranks = ["--data-parallel", "2", "--pipeline-parallel", "2"];
    const [one] = (await evaluated("--suite", "perplexity")).tasks;
    const [several] = (await evaluated("--suite", "perplexity", ...ranks)).tasks;
    expect(several!.n).toBe(one!.n);
    expect(several!.loss).toBeCloseTo(one!.loss as number, 9);
  });

  it("write the text that one does, once", async () => {
    const ranks = ["--tensor-parallel", "2", "--pipeline-parallel", "2"];
    expect(await written(...ranks)).toBe(await written());
  });

  it.each([
    ["--tensor-parallel", ["tensor_parallel_size 3", "num_attention_heads 2"], "split over 1 or 2"],
    ["--pipeline-parallel", ["pipeline_parallel_size 3", "num_layers is 2"], "product is 2"],
  ])(
    "are refused where they cannot share the model so, before any is started: %s",
    async (...of) => {
      const [option, says, remedy] = of;
      await expectFailure(["generate", run, "--prompt", "a", option, "3"], cwd, {
        exit: 64,
        code: "CONFIG_INVALID",
        says,
        remedy,
      });
    },
  );

  it("are not started for questions that each of them would refuse", async () => {
    const args = ["eval", run, "none.jsonl", "--suite", "choice", "--data-parallel", "2"];
    const outcome = await flm([...args, "--json"], cwd);
    expect(outcome).toMatchObject({ code: 65, stderr: "" });
    expect(json(outcome)).toMatchObject({ status: "error", code: "DATA_NOT_FOUND" });
  });

  it("are not started without a prompt", async () => {
    await expectFailure(["generate", run, "--tensor-parallel", "2"], cwd, {
      exit: 64,
      code: "USAGE",
      says: ["2 ranks"],
      remedy: "--prompts",
    });
  });
});
