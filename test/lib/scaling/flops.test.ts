import { describe, expect, test } from "vitest";
import { modelFlopsPerToken, narayananFlops } from "../../../lib/scaling/flops.ts";
import { presetShape } from "./presets.ts";

describe("narayananFlops", () => {
  const gpt3 = { num_layers: 96, hidden_size: 12_288, seq_length: 2048, vocab_size: 51_200 };

  test("FLM-101B's last stage costs 16.69 zettaFLOPs", () => {
    const perToken = narayananFlops(presetShape("flm-101b"));
    expect(perToken / 1e9).toBeCloseTo(628.7, 1);
    expect((perToken * 26.54e9) / 1e21).toBeCloseTo(16.69, 2);
  });

  test("with the reconstructed shapes FLM's three stages cost what the paper says", () => {
    const tokens = { "flm-16b": 245.37e9, "flm-51b": 39.64e9, "flm-101b": 26.54e9 } as const;
    const total = (Object.keys(tokens) as (keyof typeof tokens)[]).reduce(
      (sum, preset) => sum + tokens[preset] * narayananFlops(presetShape(preset)),
      0,
    );
    expect(Math.abs(total / 52.76e21 - 1)).toBeLessThan(2e-3);
  });

  test("GPT-3's 300 B tokens: 322.6 zettaFLOPs, 430.2 with recomputation", () => {
    expect((narayananFlops(gpt3) * 300e9) / 1e21).toBeCloseTo(322.6, 0);
    expect((narayananFlops(gpt3, "full") * 300e9) / 1e21).toBeCloseTo(430.2, 0);
  });
});

describe("modelFlopsPerToken", () => {
  test("counts GPT-2's matrices, its tied head and half of the attention", () => {
    const layer = 12 * 768 ** 2;
    const expected = 6 * (12 * layer + 50_257 * 768) + 12 * 6 * 768 * 1024;
    expect(modelFlopsPerToken(presetShape("gpt2-124m"))).toBe(expected);
  });

  test("an untied head costs what a tied one does, and biases nothing", () => {
    const shape = presetShape("gpt2-124m");
    const untied = { ...shape, tie_embeddings: false, bias: false };
    expect(modelFlopsPerToken(untied)).toBe(modelFlopsPerToken(shape));
  });

  test("grouped queries save projections, not attention", () => {
    const shape = presetShape("gpt2-124m");
    const saved = modelFlopsPerToken(shape) - modelFlopsPerToken({ ...shape, num_kv_heads: 3 });
    expect(saved).toBe(6 * 12 * 2 * 768 * (768 - 192));
  });

  test("differs from the paper's rule by the attention it counts half", () => {
    const shape = presetShape("flm-101b");
    const halfAttention = 6 * shape.num_layers * shape.hidden_size * shape.seq_length;
    const rule = narayananFlops(shape);
    expect(modelFlopsPerToken(shape) + halfAttention).toBeCloseTo(
      rule + (6 - 4.5) * shape.vocab_size * shape.hidden_size,
      -3,
    );
  });
});
