import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../lib/config/load.ts";
import { planRun } from "../../../lib/plan/plan.ts";

const example = fileURLToPath(new URL("../../../examples/flm-101b.yaml", import.meta.url));
const { config } = loadConfig(example);
const plan = planRun(config, { search: true });

const within = (share: number, actual: number, published: number) =>
  expect(Math.abs(actual / published - 1), `${actual} for ${published}`).toBeLessThan(share);

// Spec: FLM-101B, arXiv 2309.03852. The two smaller shapes and both factors were fitted to it: this guards the
// numbers, and test/lib/scaling/step-time.test.ts is the evidence for the cost model.
describe("the plan of examples/flm-101b.yaml", () => {
  test("uses the fitted factors", () => {
    expect(plan.hardware).toMatchObject({
      profile: "a800-80gb",
      efficiency: 0.846,
      availability: 0.908,
      precision: "bf16",
    });
    expect(plan.warnings).toEqual([]);
  });

  test.each([
    ["16b", 162, 9.63],
    ["51b", 160, 5.37],
    ["101b", 165, 6.54],
  ])("%s: %d TFLOP/s and %d days, within 5 %%", (name, tflops, days) => {
    const stage = plan.stages.find((candidate) => candidate.name === name)!;
    within(0.05, stage.tflops_per_gpu, tflops);
    within(0.05, stage.days, days);
  });

  test("the whole run", () => {
    const { total, stages } = plan;
    expect((stages.at(-1)!.parameters / 1e9).toFixed(2)).toBe("101.70");
    within(0.01, total.flops, 52.8e21);
    within(0.05, total.days, 21.54);
    within(0.05, total.gpu_hours, 1.01e5);
    within(0.05, total.cost_usd!, 100_000);
    within(0.05, total.co2_tonnes, 26);
  });

  test("days are steps × seconds / availability", () => {
    for (const { days, steps, step_seconds } of plan.stages)
      expect(days).toBeCloseTo((steps * step_seconds) / 0.908 / 86_400, 9);
  });

  test("the parts of a step add up to it, and those of memory to all of it", () => {
    const total = (parts: object) =>
      Object.values(parts).reduce((sum: number, part: number) => sum + part, 0);
    for (const stage of plan.stages) {
      expect(total(stage.step_breakdown)).toBeCloseTo(stage.step_seconds, 9);
      expect(total(stage.memory)).toBeCloseTo(stage.memory_bytes_per_device, 0);
    }
  });

  test("growing saves 72 % against 101B on as many tokens, 3.56 times as fast", () => {
    const { from_scratch } = plan;
    within(0.05, from_scratch!.days, 76.74);
    within(0.05, from_scratch!.speed_up, 3.56);
    expect(from_scratch!.meaning).toContain("equal tokens, which need not mean equal loss");
  });

  test("both growth events preserve what the model computes", () => {
    expect(plan.growth).toMatchObject([
      { stage: "51b", step: 52_001, preserving: true, from: { num_layers: 24 } },
      { stage: "101b", step: 60_402, preserving: true, to: { num_layers: 80 } },
    ]);
  });

  test("the search knows nothing much faster than the published layouts", () => {
    for (const [i, { layouts }] of plan.search!.entries())
      expect(layouts[0]!.step_seconds / plan.stages[i]!.step_seconds).toBeGreaterThan(0.95);
  });
});
