import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FAMILIES } from "../../../lib/config/families.ts";
import { checkConfig } from "../../../lib/config/check.ts";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { failure, issuePaths, STAGE, userConfig } from "./fixtures.ts";

describe("model defaults", () => {
  test.each(Object.entries(FAMILIES))("%s sets its five choices", (family, defaults) => {
    const config = userConfig([{ seq_length: undefined }], {
      model: { family: family as keyof typeof FAMILIES },
    });
    expect(resolveConfig(config).model).toMatchObject({ ...defaults, norm_eps: 1e-5 });
  });

  test("explicit keys win over the family's and the preset's", () => {
    const { model } = resolveConfig(
      userConfig([{}], { model: { preset: "flm-101b", bias: false, seq_length: 64, mup: null } }),
    );
    expect(model).toMatchObject({ family: "flm", bias: false, seq_length: 64, mup: null });
    expect(model).toMatchObject({ vocab_size: 100_352, head_size: 128, init_std: 0.016 });
  });

  test("a family that contradicts the preset is refused", () => {
    const config = userConfig([{}], { model: { preset: "flm-101b", family: "llama" } });
    expect(issuePaths(() => resolveConfig(config))).toEqual(["model.family"]);
  });

  test("the head size is the first stage's", () => {
    expect(resolveConfig(userConfig()).model.head_size).toBe(16);
  });
});

describe("stage defaults", () => {
  test("a stage has what it leaves out from the model, the optimizer and the stage before", () => {
    const { stages } = resolveConfig(
      userConfig([{}, { global_batch_size: undefined, seq_length: undefined }], {
        model: { seq_length: 16 },
        optimizer: { lr: 1e-3 },
      }),
    );
    expect(stages[0]).toMatchObject({ name: "stage-1", num_kv_heads: 4, lr: 1e-3, seq_length: 32 });
    expect(stages[1]).toMatchObject({ name: "stage-2", global_batch_size: 8, seq_length: 16 });
  });

  test.each([
    ["gelu", 192, 768],
    ["swiglu", 192, 512],
    ["swiglu", 128, 384],
  ] as const)("%s at width %d has an FFN of %d", (activation, hidden_size, ffn) => {
    const config = userConfig([{ hidden_size }], { model: { activation } });
    expect(resolveConfig(config).stages[0]!.ffn_hidden_size).toBe(ffn);
  });

  test.each([
    [8, undefined, 8],
    [30, undefined, 15],
    [17, undefined, 1],
    [64, 2, 16],
  ])("batch %d over %s ranks has micro-batches of %d", (global_batch_size, ranks, micro) => {
    const config = userConfig([{ global_batch_size, parallel: { data_parallel_size: ranks } }]);
    const resolved = resolveConfig(config);
    expect(resolved.stages[0]!.micro_batch_size).toBe(micro);
  });

  test("warm-up is a fiftieth of the steps, at most 2000", () => {
    const warmup = (tokens: number) =>
      resolveConfig(userConfig([{ tokens }])).stages[0]!.warmup_steps;
    expect(warmup(100 * 256)).toBe(2);
    expect(warmup(49 * 256)).toBe(0);
    expect(warmup(1_000_000 * 256)).toBe(2000);
  });

  test("growth merges a stage's keys over the run's", () => {
    const config = userConfig([{}, { growth: { depth: "zero" } }], { growth: { ramp_steps: 7 } });
    const { stages } = resolveConfig(config);
    expect(stages[1]!.growth).toMatchObject({ depth: "zero", width: "mask", ramp_steps: 7 });
    expect(stages[0]!.growth.depth).toBe("stack");
  });

  test("a ramp takes 50 steps, or half of a shorter stage", () => {
    const ramp = (steps: number) =>
      resolveConfig(userConfig([{ tokens: steps * 256 }])).stages[0]!.growth.ramp_steps;
    expect([ramp(1), ramp(31), ramp(100), ramp(1000)]).toEqual([0, 15, 50, 50]);
  });

  test("the last stage takes its shape from the preset, earlier ones must have their own", () => {
    const tokens = "1B";
    const config = (stages: object[]) =>
      userConfig([], { model: { preset: "gpt2-124m" }, stages: stages as never });
    const small = { num_layers: 6, hidden_size: 384, num_attention_heads: 6, tokens };
    const { stages } = resolveConfig(config([small, { tokens }]));
    expect(stages[0]).toMatchObject({ hidden_size: 384, ffn_hidden_size: 1536 });
    expect(stages[1]).toMatchObject({ num_layers: 12, hidden_size: 768, ffn_hidden_size: 3072 });
    expect(issuePaths(() => resolveConfig(config([{ tokens }, { tokens }])))).toEqual([
      "stages.0.num_layers",
      "stages.0.hidden_size",
      "stages.0.num_attention_heads",
    ]);
  });
});

test("paths become absolute, globs too", () => {
  const config = userConfig([{}], {
    data: { sources: [{ path: "a/**/*.md" }, { path: ["b.txt", "/c"] }] },
    tokenizer: { type: "file", path: "t.json" },
    distributed: { secret_file: "secret" },
  });
  const { data, tokenizer, distributed } = resolveConfig(config, { cwd: "/here" });
  expect(data.sources.map((source) => source.path)).toEqual([
    ["/here/a/**/*.md"],
    ["/here/b.txt", "/c"],
  ]);
  expect(data.cache_dir).toBe("/here/.flm-cache");
  expect(tokenizer.path).toBe("/here/t.json");
  expect(distributed.secret_file).toBe("/here/secret");
});

test("a resolved config resolves to itself", () => {
  const config = userConfig(
    [
      { num_layers: 2, hidden_size: 512, num_attention_heads: 8 },
      { num_layers: 12, hidden_size: 768, num_attention_heads: 12 },
    ],
    { model: { preset: "gpt2-124m", seq_length: 32 }, tokenizer: { type: "bpe", vocab_size: 300 } },
  );
  const resolved = resolveConfig(config, { cwd: "/here" });
  expect(resolveConfig(resolved, { cwd: "/elsewhere" })).toEqual(resolved);
});

test("all mistakes are reported at once, also those next to unknown keys", () => {
  const config = userConfig([{ global_batch_size: 9, micro_batch_size: 2 }, { num_layers: 1 }]);
  const { code, message, issues } = failure(() => resolveConfig({ ...config, sed: 3 } as never));
  expect(code).toBe("CONFIG_INVALID");
  expect(issues.map((issue) => issue.path)).toEqual([
    "sed",
    "stages.0.global_batch_size",
    "stages.1.num_layers",
  ]);
  expect(message).toContain("config has 3 problems:");
  expect(message).toContain("unknown key `sed`; did you mean `seed`?");
});

test("unknown keys may hold what cannot be copied", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  for (const value of [() => 1, Symbol("s"), cycle, new WeakMap()]) {
    const config = userConfig([{ extra: value } as never], { onStep: value } as never);
    expect(issuePaths(() => resolveConfig(config))).toEqual(["stages.0.extra", "onStep"]);
    expect(config).toMatchObject({ onStep: value, stages: [{ extra: value }] });
  }
});

test("a misspelt required key is one mistake, not two", () => {
  const { hidden_size, ...stage } = STAGE;
  const config = userConfig([], { stages: [{ ...stage, hiden_size: hidden_size } as never] });
  expect(issuePaths(() => resolveConfig(config))).toEqual(["stages.0.hiden_size"]);
});

test("no input makes the check throw", () => {
  const keys = fc.constantFrom(
    "name",
    "model",
    "stages",
    "data",
    "sources",
    "path",
    "tokens",
    "mup",
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, "", "x", "1k", -1, 0, 1, 2.5, true, undefined),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(keys, tie("value")),
    ),
  }));
  const valid = userConfig();
  fc.assert(
    fc.property(value, fc.dictionary(keys, value), (any, changes) => {
      for (const input of [any, { ...valid, ...changes }]) {
        const { config, findings } = checkConfig(input, "/");
        expect(config !== undefined || findings.length > 0).toBe(true);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});
