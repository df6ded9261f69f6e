import { describe, expect, test } from "vitest";
import { gpuProfile } from "../../../lib/scaling/hardware.ts";
import { ourSoftware } from "../../../lib/scaling/layout.ts";
import { bestByMesh, searchLayouts, USABLE_MEMORY } from "../../../lib/scaling/layout-search.ts";
import { presetShape } from "./presets.ts";

const A800 = gpuProfile("a800");
const OURS = ourSoftware("bf16");
const PLAIN = { recompute: ["none"], max_virtual: 1 } as const;

const meshes = (preset: "flm-16b" | "flm-51b" | "flm-101b", batch: number, devices = 192) =>
  bestByMesh(
    searchLayouts(presetShape(preset), A800, OURS, {
      devices,
      global_batch_size: batch,
      ...PLAIN,
    }),
  ).map(({ layout, step_seconds }) => ({
    mesh: [
      layout.tensor_parallel_size,
      layout.pipeline_parallel_size,
      layout.data_parallel_size,
    ].join(" "),
    step_seconds,
  }));

describe("FLM-101B's published layouts on 192 A800", () => {
  test("101B: TP4 PP4 DP12 is among the three best", () => {
    const best = meshes("flm-101b", 2160);
    expect(best.slice(0, 3).map(({ mesh }) => mesh)).toContain("4 4 12");
  });

  test.each([
    ["flm-16b", 2304, "2 1 96"],
    ["flm-51b", 2304, "4 2 24"],
    ["flm-101b", 2160, "4 4 12"],
  ] as const)("%s: the published one is within 4 %% of the best", (preset, batch, published) => {
    const best = meshes(preset, batch);
    const theirs = best.find(({ mesh }) => mesh === published)!;
    expect(theirs.step_seconds / best[0]!.step_seconds).toBeLessThan(1.04);
  });
});

test("one node keeps its data-parallel traffic off the network", () => {
  const h100 = gpuProfile("h100");
  const shape = presetShape("flm-16b");
  const slow = { ...h100, network_bandwidth: h100.network_bandwidth / 100 };
  const space = { devices: 8, global_batch_size: 64 };
  const seconds = (hardware: typeof h100) =>
    searchLayouts(shape, hardware, OURS, space).map(({ step_seconds }) => step_seconds);
  expect(seconds(slow)).toEqual(seconds(h100));
  expect(seconds(h100).length).toBeGreaterThan(0);
});

test("fewer KV heads than tensor-parallel ranks are no obstacle: neighbours hold the same one", () => {
  const wide = presetShape("flm-51b");
  const meshesOf = (num_kv_heads: number) =>
    bestByMesh(
      searchLayouts({ ...wide, num_kv_heads }, A800, OURS, { devices: 16, global_batch_size: 64 }),
    ).map(({ layout }) => layout.tensor_parallel_size);
  expect(meshesOf(8)).toContain(8);
  expect(meshesOf(1)).toEqual(expect.arrayContaining(meshesOf(8)));
});

describe("searchLayouts", () => {
  const shape = presetShape("flm-101b");
  const ranked = searchLayouts(shape, A800, OURS, { devices: 1024, global_batch_size: 2048 });

  test("uses all devices, divides everything evenly and fits into memory, fastest first", () => {
    expect(ranked.length).toBeGreaterThan(100);
    let last = 0;
    for (const { layout, step_seconds, memory_bytes } of ranked) {
      const { tensor_parallel_size: t, pipeline_parallel_size: p, data_parallel_size: d } = layout;
      expect(t * p * d).toBe(1024);
      expect(shape.num_layers % (p * layout.virtual_pipeline_size)).toBe(0);
      expect(2048 % (d * layout.micro_batch_size)).toBe(0);
      expect(memory_bytes).toBeLessThanOrEqual(USABLE_MEMORY * A800.memory_bytes);
      expect(step_seconds).toBeGreaterThanOrEqual(last);
      last = step_seconds;
    }
  });

  test("tries every policy", () => {
    expect(new Set(ranked.map(({ layout }) => layout.recompute)).size).toBe(3);
    expect(new Set(ranked.map(({ layout }) => layout.virtual_pipeline_size)).size).toBeGreaterThan(
      1,
    );
  });

  test("finds nothing where nothing fits", () => {
    expect(searchLayouts(shape, A800, OURS, { devices: 4, global_batch_size: 4 })).toEqual([]);
  });
});
