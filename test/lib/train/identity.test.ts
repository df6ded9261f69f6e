import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import type { Config } from "../../../lib/config/types.ts";
import { checkIdentity, identityOf } from "../../../lib/train/identity.ts";
import { userConfig } from "../config/fixtures.ts";
import { failure } from "../failure.ts";

const config = () =>
  resolveConfig(userConfig([{}, { num_layers: 6 }, { num_layers: 8 }]), { cwd: "/here" });

const LINEAR = {
  type: "linear",
  factor: 2,
  low_freq_factor: null,
  high_freq_factor: null,
  original_max_position_embeddings: null,
} as const;

/** Whether a run that has reached `stage` may be resumed after `change`. */
function resumes(stage: number, change: (config: Config) => void): boolean {
  // As the manifest gives it back.
  const saved = JSON.parse(JSON.stringify(identityOf(config(), stage, "data-1")));
  const now = config();
  change(now);
  try {
    checkIdentity(saved, identityOf(now, stage, "data-1"), "/run");
    return true;
  } catch {
    return false;
  }
}

test("an unchanged config resumes", () => {
  for (const stage of [0, 1, 2]) expect(resumes(stage, () => {})).toBe(true);
});

describe("what the steps taken depend on may not change", () => {
  test.each<[string, number, (config: Config) => void]>([
    ["the seed", 0, (now) => (now.seed += 1)],
    ["the model", 0, (now) => (now.model.rope_theta += 1)],
    ["the scaling of RoPE", 0, (now) => (now.model.rope_scaling = LINEAR)],
    ["the sources", 0, (now) => now.data.sources.push(now.data.sources[0]!)],
    ["the tokenizer", 0, (now) => (now.tokenizer.vocab_size = 300)],
    ["the stage's shape", 1, (now) => (now.stages[1]!.num_layers += 1)],
    ["a finished stage's length", 1, (now) => (now.stages[0]!.tokens += 1)],
    ["a finished stage's rate", 1, (now) => (now.stages[0]!.lr = 0.5)],
    ["a finished stage's warm-up", 1, (now) => (now.stages[0]!.warmup_steps += 1)],
    ["the running stage's batch", 1, (now) => (now.stages[1]!.global_batch_size *= 2)],
    ["a stage's vocabulary", 1, (now) => (now.stages[0]!.vocab_size = 300)],
    ["how a stage grew", 1, (now) => (now.stages[1]!.growth.ramp_steps += 1)],
  ])("%s", (_, stage, change) => {
    expect(resumes(stage, change)).toBe(false);
  });
});

describe("the rest may change", () => {
  test.each<[string, number, (config: Config) => void]>([
    ["later stages", 1, (now) => (now.stages[2]!.num_layers += 1)],
    ["later growth", 0, (now) => (now.stages[1]!.growth.ramp_steps += 1)],
    ["how long the running stage goes on", 1, (now) => (now.stages[1]!.tokens += 1)],
    ["the running stage's rate", 1, (now) => (now.stages[1]!.lr = 0.5)],
    [
      "the rate of all stages",
      1,
      (now) => {
        now.optimizer.lr /= 2;
        for (const stage of now.stages) stage.lr = now.optimizer.lr;
      },
    ],
    ["checkpoints", 0, (now) => (now.checkpoint.interval_steps += 1)],
    [
      "where the same text lies",
      0,
      (now) => (now.data.sources[0]!.path = ["/moved/a.txt", "/moved"]),
    ],
    ["the cache's place", 0, (now) => (now.data.cache_dir = "/elsewhere")],
    ["the name", 0, (now) => (now.name = "other")],
  ])("%s", (_, stage, change) => {
    expect(resumes(stage, change)).toBe(true);
  });
});

test("runs whose RoPE is not scaled are what they were before there was scaling", () => {
  const names = Object.keys(identityOf(config(), 0, "data-1"));
  expect(names.filter((name) => name.includes("rope_scaling"))).toEqual([]);
});

test.each(["stages.1.global_batch_size", "stages.0.lr", "stages.0.warmup_steps"])(
  "a checkpoint of a version that did not keep %s resumes",
  (key) => {
    const { [key]: known, ...saved } = identityOf(config(), 1, "data-1");
    expect(known).toBeDefined();
    checkIdentity(saved, identityOf(config(), 1, "data-1"), "/run");
  },
);

test("every difference is listed with both values", () => {
  const saved = { seed: 1, "model.bias": true, gone: "x", "the tokenized data": "a" };
  const now = { seed: 2, "model.bias": true, "the tokenized data": "b" };
  const { code, message, hint } = failure(() => checkIdentity(saved, now, "/run"));
  expect(code).toBe("CONFIG_CHANGED");
  expect(message).toBe(
    "the run in /run was started with something else:\n" +
      "  seed was 1, now is 2\n" +
      '  gone was "x", now is absent\n' +
      '  the tokenized data was "a", now is "b"',
  );
  expect(hint).toContain("--fresh");
});

test("the files are named where they are the reason", () => {
  const saved = { seed: 1, "the tokenized data": "a" };
  const check = (data: string) => () =>
    checkIdentity(saved, { seed: 2, "the tokenized data": data }, "/run", ["/a.txt is new"]);
  expect(failure(check("b")).message).toContain("/a.txt is new");
  expect(failure(check("a")).message).not.toContain("/a.txt");
});
