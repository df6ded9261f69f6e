import { describe, expect, test } from "vitest";
import { scalingOf } from "../../../lib/scaling/mup.ts";
import { presetShape } from "./presets.ts";

const FLM = { init_std: 0.016, mup: { base_hidden_size: 256, input_mult: 1, output_mult: 2 } };

describe("muP", () => {
  const { input_mult, logit_mult, classes } = scalingOf(FLM, presetShape("flm-101b"));

  test("FLM-101B at 40 times the base width", () => {
    expect(input_mult).toBe(1);
    expect(logit_mult).toBe(0.05);
    expect(classes.matrix.init_std).toBeCloseTo(2.53e-3, 5);
    expect(classes.residual_matrix.init_std).toBeCloseTo(2.0e-4, 6);
    expect(4e-4 * classes.matrix.lr_mult).toBeCloseTo(1e-5, 12);
  });

  test("embeddings, vectors and an untied head keep the base values", () => {
    for (const name of ["embedding", "vector", "output"] as const)
      expect(classes[name]).toEqual({ init_std: 0.016, lr_mult: 1, weight_decay_mult: 1 });
  });

  test("lr · decay is the same for every class", () => {
    for (const { lr_mult, weight_decay_mult } of Object.values(classes))
      expect(lr_mult * weight_decay_mult).toBeCloseTo(1, 12);
  });

  test("at the base width nothing is scaled but the outputs of residual branches", () => {
    const base = scalingOf(FLM, { hidden_size: 256, num_layers: 2 });
    expect(base.logit_mult).toBe(2);
    expect(base.classes.matrix).toEqual({ init_std: 0.016, lr_mult: 1, weight_decay_mult: 1 });
    expect(base.classes.residual_matrix.init_std).toBe(0.008);
  });

  test("Tele-FLM-52B: matrices start at 4.242e-3 and logits are multiplied by 0.03125", () => {
    const mup = { base_hidden_size: 512, input_mult: 1, output_mult: 0.5 };
    const tele = scalingOf({ init_std: 0.01697, mup }, presetShape("tele-flm-52b"));
    expect(tele.classes.matrix.init_std).toBeCloseTo(4.242e-3, 6);
    expect(tele.logit_mult).toBe(0.03125);
  });
});

test("standard: one deviation and rate, decay on matrices and embeddings only", () => {
  const { input_mult, logit_mult, classes } = scalingOf(
    { init_std: 0.02, mup: null },
    { hidden_size: 64, num_layers: 8 },
  );
  expect([input_mult, logit_mult]).toEqual([1, 1]);
  const decayed = { init_std: 0.02, lr_mult: 1, weight_decay_mult: 1 };
  expect(classes).toEqual({
    embedding: decayed,
    matrix: decayed,
    residual_matrix: { ...decayed, init_std: 0.005 },
    vector: { ...decayed, weight_decay_mult: 0 },
    output: decayed,
  });
});
