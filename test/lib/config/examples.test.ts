import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadConfig } from "../../../lib/config/load.ts";
import { shapeOfStage } from "../../../lib/config/shape.ts";
import { stageSteps } from "../../../lib/config/steps.ts";

const directory = fileURLToPath(new URL("../../../examples/", import.meta.url));
const examples = readdirSync(directory).filter((name) => name.endsWith(".yaml"));

test.each(examples)("%s loads", (name) => {
  expect(() => loadConfig(directory + name)).not.toThrow();
});

test.each(examples)("%s names its schema where an editor finds it", (name) => {
  const [, schema] = /^# yaml-language-server: \$schema=(.+)$/m.exec(
    readFileSync(directory + name, "utf8"),
  )!;
  expect(existsSync(resolve(directory, schema!))).toBe(true);
});

// 52,000, 8,400 and 6,000 in the paper; its token counts are rounded to 10 M.
test("flm-101b.yaml has the published steps and grows in every dimension", () => {
  const { config } = loadConfig(`${directory}flm-101b.yaml`);
  expect(config.stages.map((_, i) => stageSteps(config, i))).toEqual([52_001, 8401, 6000]);
  const shapes = config.stages.map((_, i) => shapeOfStage(config, i, 100_257));
  for (const key of [
    "num_layers",
    "hidden_size",
    "ffn_hidden_size",
    "num_attention_heads",
  ] as const)
    expect(shapes[0]![key] < shapes[1]![key] && shapes[1]![key] < shapes[2]![key], key).toBe(true);
  const worlds = config.stages.map(
    ({ parallel: p }) => p.tensor_parallel_size * p.pipeline_parallel_size * p.data_parallel_size!,
  );
  expect(worlds).toEqual([192, 192, 192]);
});
