import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { json, succeed } from "./support/cli.ts";
import { corpus } from "./support/corpus.ts";
import { expectFailure } from "./support/failures.ts";
import { project, sharedProject, SMALL, STEP_TOKENS } from "./support/project.ts";
import { metrics } from "./support/run-files.ts";
import { snapshot } from "./support/snapshot.ts";

const LARGER = { ...SMALL, num_layers: 3, tokens: 4 * STEP_TOKENS };
const changes = {
  growth: { ramp_steps: 2 },
  stages: [{ ...SMALL, tokens: 4 * STEP_TOKENS }, LARGER],
};
const LISTED = { exit: 64, code: "CONFIG_CHANGED", remedy: "--fresh" } as const;

const { directory, run } = sharedProject(changes);

beforeAll(async () => {
  await succeed(["config.yaml"], { cwd: directory });
}, 120_000);

describe("resuming with something else is refused, names both values and touches nothing", () => {
  it.each([
    ["the model", ["model.family=gpt2"], ['model.norm was "rms_norm", now is "layer_norm"']],
    [
      "the shape and the seed",
      ["stages.1.num_layers=4", "seed=2"],
      ["seed was 1, now is 2", "stages.1.num_layers was 3, now is 4"],
    ],
    [
      "how it grew",
      ["growth.depth=random"],
      ['stages.1.growth.depth was "stack", now is "random"'],
    ],
    ["a finished stage", ["stages.0.tokens=2k"], ["stages.0.tokens was 512, now is 2000"]],
    [
      "a finished stage's rate",
      ["stages.0.lr=0.5"],
      ['stages.0.lr was "optimizer.lr", now is 0.5'],
    ],
    ["the mixture", ["data.sources.0.weight=2"], ["data.sources.0.weight was 1, now is 2"]],
    ["the tokenizer", ["tokenizer={type: bpe, vocab_size: 280}"], ['tokenizer.type was "bytes"']],
  ])("%s", async (_, sets, says) => {
    const before = snapshot(run);
    const args = ["config.yaml", ...sets.flatMap((set) => ["--set", set])];
    await expectFailure(args, { cwd: directory }, { ...LISTED, says: [run, ...says] });
    expect(snapshot(run)).toEqual(before);
  });

  it("the text", async () => {
    const changed = project(changes);
    await succeed(["config.yaml"], { cwd: changed.directory });
    const before = snapshot(changed.run);
    appendFileSync(changed.path("corpus.jsonl"), corpus(1, 99));
    await expectFailure(
      ["config.yaml"],
      { cwd: changed.directory },
      {
        ...LISTED,
        says: [
          /the tokenized data was "\w+", now is "\w+"/,
          /corpus\.jsonl had \d+ bytes, now has \d+/,
        ],
      },
    );
    expect(snapshot(changed.run)).toEqual(before);
  });

  it("fewer stages than it has reached", async () => {
    const stage = JSON.stringify({ ...SMALL, tokens: 4 * STEP_TOKENS });
    await expectFailure(
      ["config.yaml", "--set", `stages=[${stage}]`],
      { cwd: directory },
      { ...LISTED, says: ["has reached stage 1", "has 1 stage"], remedy: "--out" },
    );
  });
});

it("a stage that has got further does not end earlier", async () => {
  const before = snapshot(run);
  await expectFailure(
    ["config.yaml", "--set", `stages.1.tokens=${3 * STEP_TOKENS}`],
    { cwd: directory },
    {
      exit: 64,
      code: "CONFIG_CHANGED",
      says: ["stages.1.tokens: 384 are fewer than the 512"],
      remedy: "set it to 512",
    },
  );
  expect(snapshot(run)).toEqual(before);
});

describe("a finished run", () => {
  it("says that nothing was trained, and keeps what it was trained with", async () => {
    const before = readFileSync(join(run, "config.yaml"), "utf8");
    const args = ["config.yaml", "--set", "stages.1.lr=0.5", "--set", "optimizer.weight_decay=0"];
    const { stderr } = await succeed(args, { cwd: directory });
    expect(stderr).toContain("nothing was trained");
    expect(stderr).not.toContain("changed ");
    expect(readFileSync(join(run, "config.yaml"), "utf8")).toBe(before);
  });
});

describe("an imported model", () => {
  it("is not trained on in its place, and the way to do it is named", async () => {
    const { directory } = project(changes);
    await succeed(["config.yaml"], { cwd: directory });
    await succeed(["export", "runs/tiny", "--format", "hf", "--out", "hf"], { cwd: directory });
    await succeed(["import", "hf", "--out", "runs/imported"], { cwd: directory });
    await expectFailure(
      ["runs/imported/config.yaml"],
      { cwd: directory },
      {
        exit: 64,
        code: "NOT_SUPPORTED",
        says: [/imported from .*hf/],
        remedy: "init: { from: runs/imported }",
      },
    );
  });
});

describe("resuming goes on", () => {
  it("when the same text lies elsewhere", async () => {
    const moved = project(changes);
    await succeed(["config.yaml"], { cwd: moved.directory });
    moved.write("renamed.jsonl", corpus());
    const args = ["config.yaml", "--json", "--set", "data.sources.0.path=renamed.jsonl"];
    expect(json(await succeed(args, { cwd: moved.directory }))).toMatchObject({ steps: 8 });
  });

  it("with another rate, batch and cadence for what is left", async () => {
    const changed = project(changes);
    await succeed(["config.yaml"], { cwd: changed.directory });
    const sets = [
      "optimizer.lr=1e-3",
      "checkpoint.interval_steps=1",
      "logging.tensorboard=false",
      `stages.1.tokens=${10 * STEP_TOKENS}`,
      "stages.1.micro_batch_size=2",
    ];
    const args = ["config.yaml", ...sets.flatMap((set) => ["--set", set])];
    const { stderr } = await succeed(args, { cwd: changed.directory });
    expect(stderr).toMatch(/^changed {5}stages\.1\.tokens 512 → 1280$/m);
    expect(stderr).toMatch(/^changed {5}optimizer\.lr 0\.003 → 0\.001$/m);
    expect(stderr).not.toContain("changed     stages.0.lr");
    expect(metrics(changed.run).map(({ step }) => step)).toEqual(
      Array.from({ length: 14 }, (_, i) => i + 1),
    );
  });
});
