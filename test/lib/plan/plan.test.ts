import { totalmem } from "node:os";
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import type { UserConfig } from "../../../lib/config/types.ts";
import { calibrateFrom } from "../../../lib/plan/calibrate-from.ts";
import { planRun } from "../../../lib/plan/plan.ts";
import { failure } from "../failure.ts";

const small: UserConfig = {
  name: "small",
  device: "cpu",
  precision: "f32",
  model: { seq_length: 64 },
  data: { sources: [{ path: "text.txt" }] },
  stages: [
    { num_layers: 2, hidden_size: 64, num_attention_heads: 2, tokens: "64k" },
    { num_layers: 4, hidden_size: 128, num_attention_heads: 4, tokens: "64k" },
  ],
};

const planned = (changes: Partial<UserConfig> = {}, options = {}) =>
  planRun(resolveConfig({ ...small, ...changes }), options);

describe("planRun", () => {
  test("a second data-parallel rank holds half of the matrices' optimizer state", () => {
    const on = (data_parallel_size: number) =>
      planned({
        stages: [{ ...small.stages[0]!, micro_batch_size: 1, parallel: { data_parallel_size } }],
        hardware: { profile: "a100" },
      }).stages[0]!;
    const [one, two] = [on(1), on(2)];
    expect([one.devices, two.devices]).toEqual([1, 2]);
    expect(two.memory.gradients).toBe(one.memory.gradients);
    expect(two.memory.optimizer).toBeLessThan(0.52 * one.memory.optimizer);
    expect(two.memory.activations).toBe(one.memory.activations);
  });

  test.each([0, -4, 2.5, Number.NaN])("%d devices are refused, not searched in vain", (devices) => {
    const error = failure(() => planned({}, { search: true, devices }));
    expect([error.code, error.message]).toEqual([
      "INVALID_ARGUMENT",
      `devices is ${devices}; it must be a whole number from 1 on`,
    ]);
  });

  test("a calibration that no run can give is refused", () => {
    const { message } = failure(() => planned({}, { calibration: { efficiency: 0 } }));
    expect(message).toBe("calibration.efficiency is 0; it must be a number above 0");
  });

  test("an omitted data-parallel size takes the ranks of the largest stage", () => {
    const { stages } = planned({
      hardware: { profile: "h100" },
      stages: [
        { ...small.stages[0]!, micro_batch_size: 2 },
        {
          ...small.stages[1]!,
          micro_batch_size: 2,
          parallel: { tensor_parallel_size: 2, pipeline_parallel_size: 2 },
        },
      ],
    });
    expect(stages.map(({ devices }) => devices)).toEqual([4, 4]);
    expect(stages[0]!.layout.data_parallel_size).toBe(4);
  });

  test("all of the run's devices are paid for, also those that wait for a stage that uses them", () => {
    const { stages, total, from_scratch } = planned({
      hardware: { profile: "h100", price_per_gpu_hour: 2 },
      stages: [
        { ...small.stages[0]!, parallel: { data_parallel_size: 1 } },
        { ...small.stages[1]!, micro_batch_size: 1, parallel: { data_parallel_size: 8 } },
      ],
    });
    expect(stages.map(({ devices }) => devices)).toEqual([1, 8]);
    for (const { gpu_hours, days } of stages) expect(gpu_hours).toBeCloseTo(24 * days * 8, 9);
    expect(total.cost_usd).toBeCloseTo(2 * 24 * total.days * 8, 9);
    expect(from_scratch!.gpu_hours).toBeCloseTo(24 * from_scratch!.days * 8, 9);
  });

  test("ranks on a CPU share its cores, its memory and its power", () => {
    const on = (data_parallel_size: number) =>
      planned({
        stages: [{ ...small.stages[1]!, micro_batch_size: 1, parallel: { data_parallel_size } }],
      });
    const [one, eight] = [on(1), on(8)];
    expect(eight.stages[0]!.tokens_per_second).toBeLessThan(1.1 * one.stages[0]!.tokens_per_second);
    expect(eight.stages[0]!.mfu).toBeLessThan(1.1 * one.stages[0]!.mfu);
    const watts = (plan: typeof one) => plan.total.energy_mwh / plan.total.days;
    expect(watts(eight)).toBeCloseTo(watts(one), 12);
    expect(eight.hardware.source).toMatch(/; 8 ranks share this machine$/);
  });

  test("ranks on a CPU that need more memory together than it has are warned of", () => {
    const memory = totalmem();
    const rows = Math.ceil(memory / 8 / 16 / 1024); // weights of 1024 columns, 16 bytes each
    const stage = { num_layers: 1, hidden_size: 1024, num_attention_heads: 8, tokens: "1M" };
    const parallel = { data_parallel_size: 8 };
    const { warnings } = planned({
      model: { seq_length: 64, vocab_size: 2 * rows },
      stages: [{ ...stage, micro_batch_size: 1, parallel }],
    });
    expect(warnings).toContainEqual(
      expect.stringMatching(/cpu has [\d.]+ GB for each of 8 ranks: /),
    );
  });

  test("a checkpoint holds moments as they are kept", () => {
    const bytes = (state_precision: "f32" | "bf16") =>
      planned({ optimizer: { state_precision } }).stages[0]!.reliability.checkpoint_bytes;
    expect(bytes("bf16") / bytes("f32")).toBeCloseTo(8 / 12, 9);
  });

  test("says that preferences cost more than it counts", () => {
    const data = { sources: [{ path: "pairs.jsonl", type: "conversation" as const }] };
    const { warnings } = planned({
      data,
      objective: { type: "dpo" },
      init: { from: "runs/chat" },
      stages: [small.stages[0]!],
    });
    expect(warnings).toContainEqual(expect.stringContaining("dpo"));
  });

  test("efficiency scales steps and TFLOP/s, availability days alone", () => {
    const with_ = (hardware: UserConfig["hardware"]) =>
      planned({ hardware: { profile: "a100", ...hardware } }).stages[0]!;
    const plain = with_({});
    const slow = with_({ efficiency: 0.5 });
    const broken = with_({ availability: 0.5 });
    expect(slow.step_seconds / plain.step_seconds).toBeCloseTo(2, 9);
    expect(slow.tflops_per_gpu / plain.tflops_per_gpu).toBeCloseTo(0.5, 9);
    expect(slow.days / plain.days).toBeCloseTo(2, 9);
    expect(broken.step_seconds).toBe(plain.step_seconds);
    expect(broken.days / plain.days).toBeCloseTo(2, 9);
  });

  test("a single stage has no growth and nothing to be compared with", () => {
    expect(planned({ stages: [small.stages[0]!] })).toMatchObject({
      growth: [],
      from_scratch: null,
      search: null,
      calibration: null,
      total: { cost_usd: null },
    });
  });

  test("warns of what does not fit, with both numbers and what to do", () => {
    const huge = { num_layers: 80, hidden_size: 8192, num_attention_heads: 64, tokens: "1B" };
    const { warnings } = planned({ hardware: { profile: "h100" }, stages: [huge] });
    expect(warnings).toEqual([
      expect.stringMatching(/stage-1 needs [\d.]+ GB a device, h100-80gb has 85.9 GB.*recompute/),
    ]);
  });

  test("times on an uncalibrated CPU come with a warning", () => {
    expect(planned().warnings).toEqual([expect.stringContaining("--calibrate")]);
    expect(planned({ hardware: { efficiency: 0.4 } }).warnings).toEqual([]);
  });

  test("an unknown profile is answered with the nearest and the whole list", () => {
    const { code, message, hint } = failure(() => planned({ hardware: { profile: "a100-80g" } }));
    expect(code).toBe("CONFIG_INVALID");
    expect(message).toMatch(/hardware.profile a100-80g .* b200-180gb, cpu/);
    expect(hint).toContain("a100-80gb");
  });

  test("a vocabulary in a file that is not there can be given as a number", () => {
    const tokenizer = { type: "file" as const, path: "no/tokenizer.json" };
    const error = failure(() => planned({ tokenizer }));
    expect(error).toMatchObject({ code: "DATA_NOT_FOUND" });
    expect(error.hint).toContain("model.vocab_size");
    const model = { ...small.model, vocab_size: 1000 };
    expect(planned({ tokenizer, model }).stages[0]!.parameters).toBeGreaterThan(1000 * 64);
  });
});

describe("calibrateFrom", () => {
  const config = resolveConfig(small);
  const modelled = planned().stages.map(({ step_seconds }) => step_seconds);
  /** Steps of both stages; the first three of each are far too slow, and so are those of the ramp. */
  const steps = (slowdown: readonly number[]) => {
    const rows = slowdown.flatMap((factor, stage) => {
      const plain = Array.from({ length: 12 }, (_, i) => ({
        stage,
        ramp: 1,
        step_ms: modelled[stage]! * 1000 * (i < 3 ? 50 : factor),
      }));
      return [{ stage, ramp: 0.5, step_ms: 1e6 }, ...plain];
    });
    return {
      stage: rows.map((row) => row.stage),
      ramp: rows.map((row) => row.ramp),
      step_ms: rows.map((row) => row.step_ms),
    };
  };

  test("finds the factor, without warm-up and ramps", () => {
    const { efficiency, stages } = calibrateFrom(config, steps([4, 4]));
    expect(efficiency).toBeCloseTo(0.25, 9);
    for (const { residual } of stages) expect(residual).toBeCloseTo(0, 9);
  });

  test("shows what one factor cannot explain", () => {
    const { efficiency, stages } = calibrateFrom(config, steps([2, 8]));
    expect(efficiency).toBeCloseTo(0.25, 9);
    expect(stages.map(({ residual }) => residual)).toEqual([
      expect.closeTo(1, 9),
      expect.closeTo(-0.5, 9),
    ]);
  });

  test("its efficiency takes the place of the config's", () => {
    const calibration = calibrateFrom(config, steps([4, 4]));
    const plan = planned({}, { calibration });
    expect(plan.hardware.efficiency).toBeCloseTo(0.25, 9);
    expect(plan.stages[0]!.step_seconds).toBeCloseTo(4 * modelled[0]!, 9);
    expect(plan.calibration).toBe(calibration);
  });

  test("counts the ranks that a launcher gave the run", () => {
    const hardware = { profile: "h100" };
    const split = (data_parallel_size: number | null) =>
      resolveConfig({
        ...small,
        hardware,
        stages: [{ ...small.stages[1]!, micro_batch_size: 1, parallel: { data_parallel_size } }],
      });
    const step_ms = Array.from({ length: 12 }, () => 1000);
    const measured = { stage: step_ms.map(() => 0), ramp: step_ms.map(() => 1), step_ms };
    expect(calibrateFrom(split(null), { ...measured, ranks: 8 }).efficiency).toBeCloseTo(
      calibrateFrom(split(8), measured).efficiency,
      9,
    );
  });

  test("refuses steps that no such hardware can make", () => {
    const { message } = failure(() =>
      calibrateFrom(resolveConfig({ ...small, hardware: { profile: "h100" } }), {
        stage: Array(12).fill(0),
        ramp: Array(12).fill(1),
        step_ms: Array(12).fill(1e-4),
      }),
    );
    expect(message).toMatch(
      /^stage stage-1 made steps of 0.000100 ms, .* times the peak of 1 × h100-80gb$/,
    );
  });

  test("refuses a run without steps", () => {
    const none = { stage: [], ramp: [], step_ms: [] };
    expect(failure(() => calibrateFrom(config, none)).code).toBe("INVALID_ARGUMENT");
  });
});
