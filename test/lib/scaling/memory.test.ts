import { describe, expect, test } from "vitest";
import { ourSoftware, shapeSizes } from "../../../lib/scaling/layout.ts";
import { activationBytes, publishedMemory, totalBytes } from "../../../lib/scaling/memory.ts";
import { gpt, KORTHIKANTI, layout } from "./anchors.ts";
import { presetShape } from "./presets.ts";

const GiB = 2 ** 30;
const UNFUSED = { ...ourSoftware("bf16"), attention: "unfused" } as const;

describe("Korthikanti's activation memory", () => {
  test.each(KORTHIKANTI)(
    "$name: all that is printed, exactly",
    ({ shape, layout, activation_gib }) => {
      const sizes = shapeSizes(shape);
      const none = { ...layout, sequence_parallel: false };
      const both = { ...layout, recompute: "selective" } as const;
      expect(activationBytes(shape, sizes, none, UNFUSED) / GiB).toBeCloseTo(
        activation_gib.none,
        9,
      );
      expect(activationBytes(shape, sizes, both, UNFUSED) / GiB).toBeCloseTo(
        activation_gib.selective,
        9,
      );
    },
  );

  test("full recomputation keeps the input of each layer, and one layer's activations", () => {
    const shape = gpt(8, 16, 2048);
    const how = layout(1, 1, 1, 4, 4, { recompute: "full" });
    const tokens = 4 * 2048;
    const kept = 8 * 2 * tokens * 2048;
    expect(activationBytes(shape, shapeSizes(shape), how, ourSoftware("bf16"))).toBe(
      kept + 34 * tokens * 2048,
    );
  });

  test("a short step never fills the pipeline", () => {
    const shape = gpt(8, 16, 2048);
    const bytes = (batch: number) =>
      activationBytes(shape, shapeSizes(shape), layout(1, 4, 1, batch, 1), UNFUSED);
    expect(bytes(1) * 4).toBe(bytes(4));
    expect(bytes(8)).toBe(bytes(4));
  });
});

describe("publishedMemory", () => {
  test("the state is 6 + 12 / DP bytes a parameter", () => {
    const shape = presetShape("flm-101b");
    const { parameters, gradients, optimizer } = publishedMemory(
      shape,
      shapeSizes(shape),
      layout(4, 4, 12, 2160, 1),
      ourSoftware("bf16"),
    );
    expect(gradients / parameters).toBe(2);
    expect(optimizer / parameters).toBeCloseTo(6 / 12, 12);
  });

  test("FLM's 101B stage takes 56 GiB of the A800's 80", () => {
    const shape = presetShape("flm-101b");
    const memory = publishedMemory(
      shape,
      shapeSizes(shape),
      layout(4, 4, 12, 2160, 1),
      ourSoftware("bf16"),
    );
    expect(totalBytes(memory) / GiB).toBeCloseTo(56, 0);
  });
});
