import { describe, expect, test } from "vitest";
import { PRESET_NAMES, type PresetName } from "../../../lib/config/presets.ts";
import { countParameters, parameterTable } from "../../../lib/scaling/parameters.ts";
import { presetShape } from "./presets.ts";

describe("parameters of published models", () => {
  test.each<[PresetName, number]>([
    ["gpt2-124m", 124_439_808],
    ["geb-1.3b", 1_348_044_800],
    ["tele-flm-52b", 52_824_121_344],
    ["flm-101b", 101_701_570_560],
  ])("%s has %d", (preset, count) => {
    expect(countParameters(presetShape(preset))).toBe(count);
  });

  test("they are the billions that the papers print", () => {
    const billions = (preset: PresetName) => countParameters(presetShape(preset)) / 1e9;
    expect(billions("flm-101b").toFixed(2)).toBe("101.70");
    // Printed as 52.85; the dimensions printed beside it make 52.82.
    expect(Math.abs(billions("tele-flm-52b") / 52.85 - 1)).toBeLessThan(1e-3);
    // Reconstructed shapes, for the names 16B and 51B.
    expect(billions("flm-16b").toFixed(2)).toBe("15.52");
    expect(billions("flm-51b").toFixed(2)).toBe("50.76");
  });

  test.each(PRESET_NAMES)("%s: the count is the sum over the table", (preset) => {
    const shape = presetShape(preset);
    const sum = parameterTable(shape).reduce((total, { shape: [r, c] }) => total + r * c, 0);
    expect(countParameters(shape)).toBe(sum);
  });
});

describe("parameterTable", () => {
  const names = (shape: Parameters<typeof parameterTable>[0]) =>
    parameterTable(shape).map(({ name }) => name);

  test("GPT-2: learned positions, biases, tied head, in canonical order", () => {
    expect(names({ ...presetShape("gpt2-124m"), num_layers: 1 })).toEqual([
      "embedding.weight",
      "position.weight",
      "layers.0.norm1.gain",
      "layers.0.norm1.bias",
      "layers.0.attention.q.weight",
      "layers.0.attention.k.weight",
      "layers.0.attention.v.weight",
      "layers.0.attention.q.bias",
      "layers.0.attention.k.bias",
      "layers.0.attention.v.bias",
      "layers.0.attention.out.weight",
      "layers.0.attention.out.bias",
      "layers.0.norm2.gain",
      "layers.0.norm2.bias",
      "layers.0.ffn.up.weight",
      "layers.0.ffn.up.bias",
      "layers.0.ffn.down.weight",
      "layers.0.ffn.down.bias",
      "final_norm.gain",
      "final_norm.bias",
    ]);
  });

  test("GEB: grouped queries, SwiGLU, RMSNorm without biases, a head of its own", () => {
    const table = parameterTable({ ...presetShape("geb-1.3b"), num_layers: 1 });
    expect(table.map(({ name, shape }) => [name, ...shape])).toEqual([
      ["embedding.weight", 64_896, 2048],
      ["layers.0.norm1.gain", 1, 2048],
      ["layers.0.attention.q.weight", 2048, 2048],
      ["layers.0.attention.k.weight", 512, 2048],
      ["layers.0.attention.v.weight", 512, 2048],
      ["layers.0.attention.out.weight", 2048, 2048],
      ["layers.0.norm2.gain", 1, 2048],
      ["layers.0.ffn.gate.weight", 5632, 2048],
      ["layers.0.ffn.up.weight", 5632, 2048],
      ["layers.0.ffn.down.weight", 2048, 5632],
      ["final_norm.gain", 1, 2048],
      ["head.weight", 64_896, 2048],
    ]);
  });

  test("a SwiGLU with biases has one for the gate too", () => {
    const table = names({ ...presetShape("geb-1.3b"), num_layers: 1, bias: true });
    const ffn = table.filter((name) => name.includes(".ffn."));
    expect(ffn).toEqual(
      ["gate.weight", "up.weight", "gate.bias", "up.bias", "down.weight", "down.bias"].map(
        (name) => `layers.0.ffn.${name}`,
      ),
    );
  });

  test("heads may be wider or narrower than the model in all", () => {
    const table = parameterTable({ ...presetShape("gpt2-124m"), num_layers: 1, head_size: 32 });
    const shapes = Object.fromEntries(table.map(({ name, shape }) => [name, shape]));
    expect(shapes["layers.0.attention.q.weight"]).toEqual([384, 768]);
    expect(shapes["layers.0.attention.out.weight"]).toEqual([768, 384]);
  });

  test("gains start at 1, biases at 0, everything else at random", () => {
    for (const { name, init } of parameterTable(presetShape("gpt2-124m"))) {
      if (name.endsWith("gain")) expect(init).toEqual({ kind: "constant", value: 1 });
      else if (name.endsWith("bias")) expect(init).toEqual({ kind: "constant", value: 0 });
      else expect(init).toEqual({ kind: "normal", value: 1 });
    }
  });
});
