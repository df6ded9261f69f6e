import { beforeAll, describe, expect, it } from "vitest";
import { iqItem, IQ_TASKS } from "../../lib/eval/iq/tasks.ts";
import { solvedText } from "../../lib/eval/iq/training-text.ts";
import { corpus } from "./support/corpus.ts";
import { flm, json, succeed } from "./support/cli.ts";
import { expectFailure } from "./support/failures.ts";
import { project, sharedProject, SMALL, STEP_TOKENS } from "./support/project.ts";
import { events, latest } from "./support/run-files.ts";

/** Bytes of a context that holds the shorter prompts of the generated tasks. */
const SEQ_LENGTH = 384;
const LONG = {
  model: { family: "llama" as const, seq_length: SEQ_LENGTH },
  stages: [{ ...SMALL, tokens: 6 * 4 * SEQ_LENGTH }],
};
const QUIZ = [
  { question: "Where are the shells?", choices: ["at the shore", "on the moon"], answer: 0 },
  { question: "Who sells them?", choices: ["she", "a stone"], answer: "A" },
  { ctx: "she sells sea", endings: ["shells", "trees"], label: "0" },
].map((line) => JSON.stringify(line));

const { directory, run, path, write } = sharedProject(LONG);
const cwd = { cwd: directory };

beforeAll(async () => {
  write("quiz.jsonl", QUIZ.join("\n"));
  await succeed(["config.yaml"], cwd);
});

const evaluated = async (...args: string[]) =>
  json(await succeed(["eval", run, ...args, "--json"], cwd));

describe("eval --suite iq", () => {
  it("scores thirteen tasks in four groups", async () => {
    const result = await evaluated("--suite", "iq", "--limit", "2", "--compare", run);
    expect(result).toMatchObject({ status: "done", suite: "iq", checkpoint: latest(run) });
    const tasks = result.tasks as Record<string, unknown>[];
    expect(tasks).toHaveLength(13);
    for (const task of tasks)
      expect(task).toMatchObject({
        name: expect.any(String),
        group: expect.any(String),
        n: 2,
        score: expect.any(Number),
        ci95: [expect.any(Number), expect.any(Number)],
        floor: expect.any(Number),
      });
    const groups = result.groups as { name: string }[];
    expect(groups.map(({ name }) => name)).toEqual([
      "symbolic mapping",
      "rule understanding",
      "pattern mining",
      "anti-interference",
    ]);
    const { tasks: compared } = result.comparison as { tasks: object[] };
    expect(compared[0]).toEqual({ name: "sm_bool", only_this: 0, only_other: 0, p: 1 });
  });

  it("shows people the published rows and says that they do not compare", async () => {
    const { stdout } = await succeed(["eval", run, "--suite", "iq", "--limit", "1"], cwd);
    expect(stdout).toMatch(/FLM-101B/);
    expect(stdout).toMatch(/ru_count +[\d.]+ +Counting +82\.43 +60\.81 +69\.59/);
    expect(stdout).toMatch(/cannot be compared/);
  });
});

it("a model that knows an item by heart passes it by generation", async () => {
  const [text] = IQ_TASKS.filter(({ name }) => name === "ru_count").map((task) =>
    solvedText(iqItem(task, 0)),
  );
  const learned = project({
    model: { family: "llama", seq_length: 256 },
    data: { sources: [{ path: "item.jsonl" }], validation: { fraction: 0 } },
    optimizer: { lr: 1e-2 },
    stages: [
      {
        ...SMALL,
        hidden_size: 64,
        num_attention_heads: 4,
        global_batch_size: 1,
        tokens: 100 * 256,
      },
    ],
  });
  learned.write("item.jsonl", JSON.stringify({ text }));
  await succeed(["config.yaml"], { cwd: learned.directory });
  const args = ["eval", learned.run, "--suite", "iq", "--limit", "1", "--json"];
  const { tasks } = json(await succeed(args, { cwd: learned.directory }));
  expect(tasks).toContainEqual(
    expect.objectContaining({ name: "ru_count", score: 100, soft: 100, floor: 0 }),
  );
});

describe("eval --suite perplexity", () => {
  it("of the run's own text is what training measured", async () => {
    const [task] = (await evaluated("--suite", "perplexity")).tasks as Record<string, number>[];
    const validation = events(run, "validation").at(-1)!;
    expect(task!.loss).toBeCloseTo(validation.loss as number, 6);
    expect(task!.bits_per_byte).toBeCloseTo(validation.bits_per_byte as number, 6);
    expect(task!.score).toBe(task!.bits_per_byte);
    expect(task!.n).toBe(validation.tokens);
  });

  it("is in the run's own tokens where its text has changed since", async () => {
    const changed = project({ tokenizer: { type: "bpe", vocab_size: 300 } });
    const there = { cwd: changed.directory };
    await succeed(["config.yaml"], there);
    const perplexity = async () => {
      const result = json(
        await succeed(["eval", changed.run, "--suite", "perplexity", "--json"], there),
      );
      return { warnings: result.warnings, task: (result.tasks as Record<string, number>[])[0]! };
    };
    const before = await perplexity();
    expect(before.warnings).toEqual([]);
    const other = Array.from({ length: 400 }, (_, i) => `zu ${i} zwei zwoelf zwanzig und ${i * 7}`);
    const lines = other.map((text) => JSON.stringify({ text }));
    changed.write("corpus.jsonl", `${lines.join("\n")}\n${corpus()}`);
    const after = await perplexity();
    expect(after.warnings).toEqual([expect.stringMatching(/^the data has changed since/)]);
    expect(after.task.n).toBeGreaterThan(before.task.n!);
  });

  it("of a trained model hardly differs with weights in 8 bits", async () => {
    const trained = project({ stages: [{ ...SMALL, tokens: 150 * STEP_TOKENS }] });
    await succeed(["config.yaml"], { cwd: trained.directory });
    const perplexity = async (weights: string) => {
      const args = ["eval", trained.run, "--suite", "perplexity", "--weights", weights, "--json"];
      const { tasks } = json(await succeed(args, { cwd: trained.directory }));
      return Math.exp((tasks as { loss: number }[])[0]!.loss);
    };
    const exact = await perplexity("f32");
    expect(exact).toBeLessThan(5);
    for (const weights of ["bf16", "int8"]) {
      const other = await perplexity(weights);
      expect(other).not.toBe(exact);
      expect(Math.abs(other / exact - 1)).toBeLessThan(0.01);
    }
  });

  it("of a file, or of its first documents", async () => {
    const of = async (...args: string[]) => {
      const result = await evaluated("--suite", "perplexity", "corpus.jsonl", ...args);
      return (result.tasks as Record<string, number>[])[0]!;
    };
    const [all, first] = [await of(), await of("--limit", "1")];
    expect(first.n).toBeLessThan(all.n! / 10);
    expect(first.bits_per_byte).toBeGreaterThan(0);
    // Of a byte tokenizer's targets, those that end a document are no bytes.
    expect(all.bytes).toBe(all.n! - 80);
  });
});

describe("eval --suite choice", () => {
  it("scores questions of several forms", async () => {
    const result = await evaluated("--suite", "choice", "quiz.jsonl", "--shots", "1");
    expect(result.tasks).toMatchObject([{ name: "quiz", n: 2, floor: 50, too_long: 0 }]);
    expect(result.groups).toHaveLength(1);
  });

  it("names file and line of a bad question", async () => {
    write("bad.jsonl", `${QUIZ[0]}\n{"question": "?"}`);
    await expectFailure(["eval", run, "bad.jsonl", "--suite", "choice"], cwd, {
      exit: 65,
      code: "DATA_INVALID",
      says: ["bad.jsonl:2", "choices is missing"],
      remedy: /docs\/evaluation\.md/,
    });
  });
});

describe("eval refuses", () => {
  it.each([
    ["choice without a file", ["--suite", "choice"], "needs a file"],
    ["iq with a file", ["quiz.jsonl", "--suite", "iq"], "quiz.jsonl"],
    ["a limit of nothing", ["--suite", "iq", "--limit", "0"], "limit is 0"],
    ["to compare perplexities", ["--suite", "perplexity", "--compare", run], "cannot compare"],
    ["an unknown suite", ["--suite", "poetry"], "poetry"],
  ])("%s", async (_, args, says) => {
    const outcome = await flm(["eval", run, ...args, "--json"], cwd);
    expect(outcome.code).toBe(64);
    expect(json(outcome)).toMatchObject({ code: "USAGE", message: expect.stringContaining(says) });
  });

  it("a file that is not there", async () => {
    await expectFailure(["eval", run, "none.txt", "--suite", "perplexity"], cwd, {
      exit: 65,
      code: "DATA_NOT_FOUND",
      says: [path("none.txt")],
      remedy: "check the path",
    });
  });
});

describe("suites while training", () => {
  it("leave events, and training goes on as without them", async () => {
    const scored = project({
      ...LONG,
      eval: { interval_steps: 4, suites: ["choice", "perplexity"], choice_file: "quiz.jsonl" },
    });
    scored.write("quiz.jsonl", QUIZ.join("\n"));
    await succeed(["config.yaml"], { cwd: scored.directory });
    const rows = events(scored.run, "evaluation");
    expect(rows.map(({ step, suite }) => [step, suite])).toEqual([
      [4, "choice"],
      [6, "choice"],
    ]);
    expect(rows[0]!.tasks).toMatchObject([{ name: "quiz", n: 3 }]);
    const losses = (of: string) => events(of, "validation").at(-1)!.loss;
    expect(losses(scored.run)).toBe(losses(run));
  });

  it("refuse a bad file of questions before the first step", async () => {
    const bad = project({ eval: { suites: ["choice"], choice_file: "quiz.jsonl" } });
    bad.write("quiz.jsonl", "{}");
    await expectFailure(
      ["config.yaml"],
      { cwd: bad.directory },
      { exit: 65, code: "DATA_INVALID", says: ["quiz.jsonl:1"], remedy: "docs/evaluation.md" },
    );
  });
});
