import { resolveConfig } from "../../../lib/config/resolve.ts";
import { shapeOfStage, type ModelShape } from "../../../lib/config/shape.ts";
import type { PresetName } from "../../../lib/config/presets.ts";

/** The shape that a run of one stage has with a preset. */
export function presetShape(preset: PresetName): ModelShape {
  const config = resolveConfig({
    name: "preset",
    model: { preset },
    data: { sources: [{ path: "text.txt" }] },
    stages: [{ tokens: "1B" }],
  });
  return shapeOfStage(config, 0, 257);
}
