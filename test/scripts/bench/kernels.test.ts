import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { occupancy, residentBlocks } from "../../../bench/kernels/occupancy.ts";
import { readModels } from "../../../bench/kernels/shapes.ts";
import { floorSeconds, predictStep, stepLaunches } from "../../../bench/kernels/step.ts";
import { renderPerformance } from "../../../bench/kernels/table.ts";
import { modelFlopsPerToken } from "../../../lib/scaling/flops.ts";
import { gpuProfile } from "../../../lib/scaling/hardware.ts";

const H100 = gpuProfile("h100-80gb");
const models = readModels();

it("docs/performance.md is fresh (npx tsx bench/kernels/table.ts)", async () => {
  const file = new URL("../../../docs/performance.md", import.meta.url);
  expect(await renderPerformance()).toBe(readFileSync(file, "utf8"));
});

describe("occupancy", () => {
  const block = { threads: 256, registers: 32, shared_bytes: 0 };

  it("is whole where a multiprocessor holds as many warps as it can", () => {
    expect(occupancy(block)).toBe(1);
  });

  it("is bound by registers, which a warp gets 256 at a time", () => {
    expect(residentBlocks({ ...block, threads: 128, registers: 255 })).toBe(2);
    expect(residentBlocks({ ...block, registers: 33 })).toBe(6);
  });

  it("is bound by shared memory, of which a block costs 1 KB more", () => {
    expect(residentBlocks({ ...block, shared_bytes: 113 * 1024 })).toBe(2);
    expect(residentBlocks({ ...block, shared_bytes: 114 * 1024 })).toBe(1);
    expect(residentBlocks({ ...block, shared_bytes: 228 * 1024 })).toBe(0);
  });

  it("is bound by the number of blocks", () => {
    expect(residentBlocks({ ...block, threads: 1 })).toBe(32);
  });
});

describe.each(models)("the launches of $name", (model) => {
  const { shape } = model;
  const launches = stepLaunches(model);
  const tokens = model.batch_size * shape.seq_length;
  const flopsOf = (prefix: string) =>
    launches
      .filter(({ op }) => op.startsWith(prefix))
      .reduce((sum, { count, flops }) => sum + count * flops, 0);
  const attention =
    shape.num_layers * shape.num_attention_heads * shape.head_size * shape.seq_length;

  it("have the products that model_flops counts", () => {
    const products = modelFlopsPerToken(shape) - 6 * attention;
    expect(flopsOf("matmul")).toBeCloseTo(tokens * products, -3);
  });

  it("make two products of attention forward and seven backward", () => {
    expect(flopsOf("attention_fwd")).toBe(2 * tokens * attention);
    expect(flopsOf("attention_bwd")).toBe(7 * tokens * attention);
  });

  it("take their floors together, and no less is predicted", () => {
    const { floor_seconds, seconds, model_flops } = predictStep(model, H100);
    const sum = launches.reduce((all, each) => all + each.count * floorSeconds(each, H100), 0);
    expect(floor_seconds).toBeCloseTo(sum, 12);
    expect(seconds).toBeGreaterThan(floor_seconds);
    expect(model_flops / floor_seconds).toBeLessThan(H100.peak_flops.bf16);
  });
});

it("a floor is the longer of FLOPs over the peak and bytes over the bandwidth", () => {
  const launch = { op: "x", kernel: null, count: 1, threads: 0, dynamic_shared_bytes: 0 };
  const floor = (unit: "tensor" | "vector", flops: number, bytes: number) =>
    floorSeconds({ ...launch, unit, flops, bytes }, H100);
  expect(floor("tensor", 989e12, 0)).toBe(1);
  expect(floor("vector", 67e12, 3.35e12 / 2)).toBe(1);
  expect(floor("vector", 67e12, 3.35e12 * 2)).toBe(2);
});
