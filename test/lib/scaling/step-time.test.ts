import { describe, expect, test } from "vitest";
import type { ModelShape } from "../../../lib/config/shape.ts";
import { narayananFlops } from "../../../lib/scaling/flops.ts";
import { gpuProfile } from "../../../lib/scaling/hardware.ts";
import { type Layout, shapeSizes, type Software } from "../../../lib/scaling/layout.ts";
import { stepTime, totalSeconds } from "../../../lib/scaling/step-time.ts";
import { gpt, KORTHIKANTI, layout, MEGASCALE_BASELINE, NARAYANAN } from "./anchors.ts";

const A100 = gpuProfile("a100-80gb");
const OLD: Software = {
  attention: "unfused",
  shards_optimizer: false,
  gradient_bytes: 4,
  compute_bytes: 2,
  moment_bytes: 4,
};

const seconds = (shape: ModelShape, how: Layout, software: Software) =>
  totalSeconds(stepTime(shape, shapeSizes(shape), how, A100, software));

describe("published step times on A100", () => {
  const errors: number[] = [];

  test.each(KORTHIKANTI)("Korthikanti $name (fitted)", ({ shape, layout, seconds: published }) => {
    const full = { ...layout, recompute: "full", sequence_parallel: false } as const;
    const selective = { ...layout, recompute: "selective" } as const;
    const found = [
      seconds(shape, full, OLD) / published.full - 1,
      seconds(shape, selective, OLD) / published.selective - 1,
    ];
    errors.push(...found.map(Math.abs));
    for (const error of found) expect(Math.abs(error)).toBeLessThan(0.1);
  });

  test.each(NARAYANAN)("Narayanan at $tflops TFLOP/s (fitted)", ({ shape, layout, tflops }) => {
    const how = { ...layout, recompute: "full", sequence_parallel: false } as const;
    const devices = how.tensor_parallel_size * how.pipeline_parallel_size * how.data_parallel_size;
    const flops = how.global_batch_size * shape.seq_length * narayananFlops(shape, "full");
    const published = flops / (devices * tflops * 1e12);
    const error = seconds(shape, how, { ...OLD, gradient_bytes: 2 }) / published - 1;
    errors.push(Math.abs(error));
    expect(Math.abs(error)).toBeLessThan(0.1);
  });

  test.each(MEGASCALE_BASELINE)(
    "MegaScale's baseline on %d GPUs with batch %d: %d s (held out)",
    (devices, batch, published) => {
      const shape = gpt(96, 128, 12_288, 64_000);
      const how = layout(8, 8, devices / 64, batch, 1, {
        virtual_pipeline_size: 6,
        recompute: "selective",
      });
      const error = seconds(shape, how, { ...OLD, shards_optimizer: true }) / published - 1;
      errors.push(Math.abs(error));
      expect(Math.abs(error)).toBeLessThan(0.1);
    },
  );

  test("are 5 % off on average, or less", () => {
    expect(errors).toHaveLength(8 + 7 + 8);
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.05);
  });
});

describe("what costs nothing where it is not used", () => {
  const shape = gpt(4, 8, 1024);
  const sizes = shapeSizes(shape);
  const flash: Software = { ...OLD, attention: "flash" };

  test("one device sends nothing and has no bubble", () => {
    const time = stepTime(shape, sizes, layout(1, 1, 1, 8, 2), A100, flash);
    expect(time).toMatchObject({
      tensor_parallel: 0,
      pipeline_transfer: 0,
      pipeline_bubble: 0,
      data_parallel: 0,
      recompute: 0,
    });
    for (const part of [time.matmul, time.attention, time.head, time.optimizer])
      expect(part).toBeGreaterThan(0);
  });

  test("with flash attention, selective recomputation is none", () => {
    const time = (recompute: Layout["recompute"]) =>
      totalSeconds(stepTime(shape, sizes, layout(1, 1, 1, 8, 2, { recompute }), A100, flash));
    expect(time("selective")).toBe(time("none"));
    expect(time("full")).toBeGreaterThan(time("none"));
  });
});
