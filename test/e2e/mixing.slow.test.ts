import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { UserConfig } from "../../lib/config/types.ts";
import { json, succeed } from "./support/cli.ts";
import { corpus } from "./support/corpus.ts";
import { expectFailure } from "./support/failures.ts";
import { expectSameRun, train } from "./support/killed-run.ts";
import { type Changes, project, SMALL, STEP_TOKENS } from "./support/project.ts";
import { randomFrom } from "./support/random.ts";
import { events, latest, state } from "./support/run-files.ts";

const BILINGUAL = fileURLToPath(new URL("../../examples/bilingual.yaml", import.meta.url));

const PHRASES = [
  "海边的人在看海",
  "她在海边卖贝壳",
  "雨下了一整天",
  "树下有一块石头",
  "我们听见了雨声",
];

/** JSONL of distinct Chinese documents. */
function chinese(documents = 80): string {
  const random = randomFrom(2);
  const phrase = () => PHRASES[Math.floor(random() * PHRASES.length)]!;
  const line = () => JSON.stringify({ text: `${Array.from({ length: 12 }, phrase).join("，")}。` });
  return `${Array.from({ length: documents }, line).join("\n")}\n`;
}

interface SourceScore {
  name: string;
  bits_per_byte: number;
  loss: number;
  tokens: number;
  share: number;
}

const validations = (run: string) =>
  events(run, "validation") as unknown as { loss: number; step: number; sources: SourceScore[] }[];

it("the bilingual example says the bits per byte of each language", async () => {
  const { directory, path, write } = project();
  write("en.jsonl", corpus());
  write("zh.jsonl", chinese());
  const run = path("run");
  const changes = {
    "data.sources.0.path": "en.jsonl",
    "data.sources.1.path": "zh.jsonl",
    "data.validation.fraction": "0.1",
    "tokenizer.vocab_size": "320",
    "model.seq_length": "32",
    "stages.0.hidden_size": "64",
    "stages.0.num_layers": "1",
    "stages.0.tokens": String(24 * 32 * 8),
    "stages.0.global_batch_size": "8",
    "stages.0.warmup_steps": "2",
  };
  const sets = Object.entries(changes).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  await succeed([BILINGUAL, "--out", run, ...sets], { cwd: directory });
  const last = validations(run).at(-1)!;
  expect(last.sources).toMatchObject([
    { name: "english", share: 0.535 },
    { name: "chinese", share: 0.465 },
  ]);
  const tokens = last.sources.reduce((sum, source) => sum + source.tokens, 0);
  const mean = last.sources.reduce((sum, { loss, tokens: own }) => sum + loss * own, 0) / tokens;
  expect(last.loss).toBeCloseTo(mean, 10);
  // The command for a finished run measures the same.
  const scores = await succeed(["eval", run, "--suite", "perplexity", "--json"], {
    cwd: directory,
  });
  const { tasks } = json(scores) as {
    tasks: { name: string; bits_per_byte: number; loss: number }[];
  };
  expect(tasks.map(({ name }) => name)).toEqual(["validation", "english", "chinese"]);
  expect(tasks[0]!.loss).toBeCloseTo(last.loss, 5);
  for (const [i, { bits_per_byte }] of last.sources.entries()) {
    expect(bits_per_byte).toBeGreaterThan(0.1);
    expect(tasks[i + 1]!.bits_per_byte).toBeCloseTo(bits_per_byte, 5);
  }
});

describe("dynamic batch loading", () => {
  const DYNAMIC: Changes = {
    data: {
      sources: [
        { name: "easy", path: "corpus.jsonl", reference_loss: 2 },
        { name: "hard", path: "zh.jsonl", reference_loss: 5 },
      ],
      validation: { fraction: 0.1 },
      mixing: "dynamic",
    },
    eval: { interval_steps: 2 },
    stages: [
      { ...SMALL, tokens: 8 * STEP_TOKENS },
      { ...SMALL, num_layers: 3, tokens: 8 * STEP_TOKENS },
    ],
    checkpoint: { interval_steps: 3, keep: 2 },
  } satisfies Partial<UserConfig>;

  it("moves the shares by the losses, and a killed run goes on to the same bytes", async () => {
    const [straight, killed] = [project(DYNAMIC), project(DYNAMIC)];
    for (const { write } of [straight, killed]) write("zh.jsonl", chinese());
    await succeed(["config.yaml", "--json"], { cwd: straight.directory });
    const shares = validations(straight.run).map(({ sources }) => sources[0]!.share);
    // Far above its reference, the first source soon has nearly all of the tokens.
    expect(shares).toHaveLength(8);
    expect(shares[0]).toBeGreaterThan(0.6);
    expect(shares[1]).toBeGreaterThan(shares[0]!);
    expect(shares.at(-1)).toBeGreaterThan(0.99);
    for (const moment of ["row:5", "row:11"])
      expect(await train(killed, moment)).toMatchObject({ signal: "SIGKILL" });
    await succeed(["config.yaml", "--json"], { cwd: killed.directory });
    expectSameRun(killed.run, straight.run);
    expect(state(latest(killed.run))).toEqual(state(latest(straight.run)));
  });

  it("needs held-out text of every source", async () => {
    const { directory, write } = project(DYNAMIC);
    write("zh.jsonl", chinese(1));
    await expectFailure(
      ["config.yaml"],
      { cwd: directory },
      {
        exit: 65,
        code: "DATA_EMPTY",
        says: ["data.sources.1 (hard) has no validation text"],
        remedy: "data.validation.fraction",
      },
    );
  });
});
