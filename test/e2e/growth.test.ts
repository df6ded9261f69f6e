import { describe, expect, it } from "vitest";
import type { UserConfig } from "../../lib/config/types.ts";
import { succeed } from "./support/cli.ts";
import { expectSameRun, train } from "./support/killed-run.ts";
import { type Changes, project, STEP_TOKENS } from "./support/project.ts";
import { events, metrics, type Row, withoutTimes } from "./support/run-files.ts";

type Stage = UserConfig["stages"][number];

/** Relative, in f32: the grown model sums the same numbers in another order. */
const TOLERANCE = 1e-5;

const FIRST: Stage = {
  num_layers: 2,
  hidden_size: 24,
  num_attention_heads: 2,
  num_kv_heads: 1,
  ffn_hidden_size: 40,
  global_batch_size: 4,
  tokens: 5 * STEP_TOKENS,
  warmup_steps: 0,
};

/** Every axis grows, by factors that are not whole; the last event puts queries into groups that are there. */
const SHAPES: Partial<Stage>[] = [
  { num_layers: 4, hidden_size: 40, num_attention_heads: 4, num_kv_heads: 2, ffn_hidden_size: 72 },
  { num_layers: 7, hidden_size: 44, num_attention_heads: 6, num_kv_heads: 3, ffn_hidden_size: 77 },
  { num_layers: 8, hidden_size: 64, num_attention_heads: 8, num_kv_heads: 4, ffn_hidden_size: 96 },
  {
    num_layers: 9,
    hidden_size: 72,
    num_attention_heads: 12,
    num_kv_heads: 4,
    ffn_hidden_size: 100,
  },
];
const DEPTHS = ["stack", "interleave", "random", "zero"] as const;

/** One stage after another, each grown into in another way. */
function stages(shape: (grown: Partial<Stage>) => Partial<Stage> = (grown) => grown): Stage[] {
  return [
    FIRST,
    ...SHAPES.map((grown, i) => ({ ...FIRST, ...shape(grown), growth: { depth: DEPTHS[i]! } })),
  ];
}

/** Large weights and rates, so that whatever ought to be silent and is not can be heard. */
function wild(model: UserConfig["model"]): Changes {
  return {
    model: { ...model, seq_length: 32, head_size: 8, init_std: 0.2 },
    optimizer: { lr: 2e-3 },
    growth: { ramp_steps: 3 },
    eval: { suites: [] },
  };
}

async function grow(changes: Changes): Promise<Row[]> {
  const { directory, run } = project(changes);
  await succeed(["config.yaml"], { cwd: directory });
  return events(run, "growth");
}

function expectSameLoss({ loss_before, loss_after }: Row) {
  const [before, after] = [Number(loss_before), Number(loss_after)];
  expect(before).toBeGreaterThan(0.5);
  expect(Math.abs(after - before) / before).toBeLessThan(TOLERANCE);
}

function expectPreserved(grown: Row[], count: number) {
  expect(grown).toHaveLength(count);
  for (const event of grown) {
    expect(event.preserving).toBe(true);
    expectSameLoss(event);
  }
}

describe("growth leaves the loss of one batch as it was", () => {
  it.each(["flm", "llama", "gpt2"] as const)(
    "%s, behind masks, in all four depths",
    async (family) => {
      const grown = await grow({ ...wild({ family }), stages: stages() });
      expectPreserved(grown, SHAPES.length);
      expect(grown.map(({ to }) => (to as Row).num_layers)).toEqual([4, 7, 8, 9]);
    },
  );

  it("llama, zero-filled, in all four depths", async () => {
    const config = wild({ family: "llama" });
    const growth = { ...config.growth, width: "zero" as const };
    expectPreserved(await grow({ ...config, growth, stages: stages() }), SHAPES.length);
  });

  it.each(["flm", "gpt2"] as const)(
    "%s, zero-filled, where LayerNorm's width stays",
    async (family) => {
      const config = wild({ family });
      const growth = { ...config.growth, width: "zero" as const };
      const kept = stages((grown) => ({ ...grown, hidden_size: FIRST.hidden_size }));
      expectPreserved(await grow({ ...config, growth, stages: kept }), SHAPES.length);
    },
  );

  it.each(["compensate", "hold"] as const)(
    "muP, with logit_multiplier %s",
    async (logit_multiplier) => {
      const mup = { base_hidden_size: 24, input_mult: 2, output_mult: 3 };
      for (const family of ["llama", "flm"] as const) {
        const config = wild({ family, mup });
        const growth = { ...config.growth, logit_multiplier };
        expectPreserved(await grow({ ...config, growth, stages: stages() }), SHAPES.length);
      }
    },
  );

  it("without a ramp, where everything new is zero", async () => {
    const growth = { ramp_steps: 0, width: "zero", depth: "zero" } as const;
    const grown = { ...FIRST, ...SHAPES[0] };
    expectPreserved(
      await grow({ ...wild({ family: "llama" }), growth, stages: [FIRST, grown] }),
      1,
    );
  });
});

describe("growth that changes what the model computes", () => {
  it.each([
    ["copied layers at once", { ramp_steps: 0, depth: "stack" }, { num_layers: 4 }],
    ["random columns at once", { ramp_steps: 0, depth: "zero" }, { ffn_hidden_size: 72 }],
  ] as const)("says so: %s", async (_, growth, shape) => {
    const [event] = await grow({
      ...wild({ family: "llama" }),
      growth,
      stages: [FIRST, { ...FIRST, ...shape }],
    });
    expect(event?.preserving).toBe(false);
    expect(event?.loss_after).not.toBeCloseTo(Number(event?.loss_before), 3);
  });
});

describe("after growth", () => {
  it("the mask opens in ramp_steps and the rate moves from where it stood to the stage's", async () => {
    const { directory, run } = project({
      schedule: { type: "constant" },
      growth: { ramp_steps: 5 },
      stages: [
        { ...FIRST, lr: 1e-3 },
        { ...FIRST, ...SHAPES[0], tokens: 8 * STEP_TOKENS, lr: 5e-3, warmup_steps: 4 },
      ],
      model: { family: "llama", seq_length: 32, head_size: 8 },
    });
    await succeed(["config.yaml"], { cwd: directory });
    const rows = metrics(run);
    expect(rows.map(({ ramp }) => ramp)).toEqual([1, 1, 1, 1, 1, 0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1]);
    const rates = rows.map(({ lr }) => Number(lr).toFixed(6));
    const [old, reached] = ["0.001000", "0.005000"];
    const warming = ["0.002000", "0.003000", "0.004000"];
    expect(rates).toEqual([...Array(5).fill(old), ...warming, ...Array(5).fill(reached)]);
  });

  it("each stage says at its end how many of its weights are near zero", async () => {
    const { directory, run } = project({
      ...wild({ family: "llama" }),
      growth: { width: "zero", ramp_steps: 3 },
      stages: [FIRST, { ...FIRST, ffn_hidden_size: 4 * FIRST.ffn_hidden_size! }],
    });
    await succeed(["config.yaml"], { cwd: directory });
    const ends = events(run, "stage");
    expect(ends.map(({ stage, step }) => [stage, step])).toEqual([
      [0, 5],
      [1, 10],
    ]);
    for (const { near_zero_share } of ends) expect(near_zero_share).toBeLessThan(0.01);
  });

  it("a run that dies in mid-ramp goes on to the same bytes, whatever growth did to the optimizer", async () => {
    const changes: Changes = {
      ...wild({ family: "llama", mup: { base_hidden_size: 24 } }),
      growth: { ramp_steps: 3, width: "zero", optimizer_step: "restart" },
      stages: stages(),
      checkpoint: { interval_steps: 4 },
      // A resumed stage end samples from an engine that does not train, whose weights are narrower.
      precision: "bf16",
      eval: { sample_prompt: "she ", sample_tokens: 32 },
    };
    const [killed, unbroken] = [project(changes), project(changes)];
    expect(await train(unbroken, "count")).toMatchObject({ code: 0 });
    for (const moment of ["row:13", "growth:2"]) await train(killed, moment);
    expect(await train(killed, "count")).toMatchObject({ code: 0 });
    expectSameRun(killed.run, unbroken.run);
    const samples = (run: string) => events(run, "sample").map(withoutTimes);
    expect(samples(killed.run)).toHaveLength(1 + SHAPES.length);
    expect(samples(killed.run)).toEqual(samples(unbroken.run));
  });
});
