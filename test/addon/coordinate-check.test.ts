import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkCoordinates, coordinateText } from "../../lib/cli/sweep/coordinate-check.ts";
import { resolveConfig } from "../../lib/config/resolve.ts";
import { createEngine } from "../../lib/native/engine.ts";
import { encodeLoadPlan } from "../../lib/native/encode.ts";
import { freshWeights, temporaryFolder, tinySpec } from "./tiny-engine.ts";

describe("activations of an engine", () => {
  it("are named, in order, and as long as the sequence", async () => {
    const spec = tinySpec();
    const engine = await createEngine(spec);
    await engine.load(encodeLoadPlan(freshWeights(spec)));
    const all = await engine.activations(Int32Array.of(1, 2, 3));
    expect(all.map(({ name, cols, values }) => [name, cols, values.length])).toEqual([
      ["embedding", 32, 96],
      ["layers.0.attention", 32, 96],
      ["layers.0.ffn", 32, 96],
      ["layers.0", 32, 96],
      ["logits", 64, 192],
    ]);
    await expect(engine.activations(Int32Array.of(64))).rejects.toThrow("vocabulary of 64");
    await expect(engine.activations(new Int32Array())).rejects.toThrow("0 tokens");
    await engine.close();
  });
});

describe("checkCoordinates", () => {
  it("is flat under muP over 8 times the width, and grows without", async () => {
    const folder = temporaryFolder();
    const text = Array.from({ length: 400 }, (_, i) => `${i} is ${(i * i) % 97}`).join(", ");
    writeFileSync(folder.file("text.txt"), text);
    const mup = { base_hidden_size: 32, input_mult: 1, output_mult: 1 };
    const config = resolveConfig({
      name: "coordinates",
      device: "cpu",
      model: { family: "flm", seq_length: 32, head_size: 16, init_std: 0.05, mup },
      tokenizer: { type: "bytes" },
      data: {
        sources: [{ path: folder.file("text.txt") }],
        validation: { fraction: 0 },
        cache_dir: folder.file("cache"),
      },
      stages: [{ num_layers: 2, hidden_size: 32, num_attention_heads: 2, tokens: "1k" }],
    });
    const point = { lr: 4e-3, init_std: 0.05, output_mult: 1 };
    const check = await checkCoordinates(config, { widths: [32, 64, 128, 256], steps: 4, point });
    folder.remove();
    expect(check.flat, coordinateText(check)).toBe(true);
    const ratioOf = (coordinate: string) =>
      check.standard.find((row) => row.coordinate === coordinate)!.ratio;
    expect(ratioOf("ffn")).toBeGreaterThan(4);
    expect(ratioOf("block")).toBeGreaterThan(4);
    expect(coordinateText(check)).toContain("flat under muP");
  });
});
