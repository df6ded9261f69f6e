import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { shapeOfStage } from "../../../lib/config/shape.ts";
import { stageSteps } from "../../../lib/config/steps.ts";
import { failure, userConfig } from "./fixtures.ts";

describe("shapeOfStage", () => {
  test("has everything that decides the tensors of a stage", () => {
    const config = resolveConfig(userConfig([{}, { num_layers: 6, num_kv_heads: 4 }]));
    expect(shapeOfStage(config, 1, 300)).toEqual({
      num_layers: 6,
      hidden_size: 64,
      num_attention_heads: 4,
      num_kv_heads: 4,
      head_size: 16,
      ffn_hidden_size: 192,
      vocab_size: 300,
      seq_length: 32,
      norm: "rms_norm",
      norm_eps: 1e-5,
      activation: "swiglu",
      position_embedding: "rope",
      rope_theta: 10_000,
      rope_scaling: null,
      bias: false,
      tie_embeddings: false,
    });
  });

  test("model.vocab_size may add rows, but not take any", () => {
    const config = resolveConfig(userConfig([{}], { model: { vocab_size: 320 } }));
    expect(shapeOfStage(config, 0, 300).vocab_size).toBe(320);
    const { code, message } = failure(() => shapeOfStage(config, 0, 321));
    expect([code, message]).toEqual(["CONFIG_INVALID", expect.stringMatching(/320.*321/)]);
  });

  test("a stage may ask for a smaller vocabulary, and one without has all rows", () => {
    const config = resolveConfig(
      userConfig([{ vocab_size: 300 }, {}], {
        model: { vocab_size: 600 },
        tokenizer: { type: "bpe", vocab_size: 512 },
      }),
    );
    expect([0, 1].map((i) => shapeOfStage(config, i, 512).vocab_size)).toEqual([300, 600]);
    expect([0, 1].map((i) => shapeOfStage(config, i, 290).vocab_size)).toEqual([600, 600]);
  });

  test("RMSNorm's epsilon shrinks with every zero-filled growth of the width", () => {
    const stages = [
      { hidden_size: 64, num_attention_heads: 4 },
      { hidden_size: 128, num_attention_heads: 8 },
      { hidden_size: 256, num_attention_heads: 16 },
    ];
    const eps = (width: "zero" | "mask", norm: "rms_norm" | "layer_norm") => {
      const config = resolveConfig(userConfig(stages, { growth: { width }, model: { norm } }));
      return stages.map((_, i) => shapeOfStage(config, i, 300).norm_eps);
    };
    expect(eps("zero", "rms_norm")).toEqual([1e-5, 5e-6, 2.5e-6]);
    expect(eps("mask", "rms_norm")).toEqual([1e-5, 1e-5, 1e-5]);
    expect(eps("zero", "layer_norm")).toEqual([1e-5, 1e-5, 1e-5]);
  });

  test("a stage that does not exist is a mistake of the caller", () => {
    expect(() => shapeOfStage(resolveConfig(userConfig()), 1, 300)).toThrow(RangeError);
  });
});

test.each([
  [25_600, 100],
  [25_601, 101],
  [1, 1],
])("a stage of %d tokens, 256 a step, takes %d steps", (tokens, steps) => {
  expect(stageSteps(resolveConfig(userConfig([{ tokens }])), 0)).toBe(steps);
});
