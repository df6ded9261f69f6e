import { expect, test } from "vitest";
import type { StageSpan } from "../../../../lib/report/facts/stages.ts";
import { shapeStrip } from "../../../../lib/report/sections/shapes.ts";

const SHAPE = {
  num_layers: 2,
  hidden_size: 100,
  num_attention_heads: 4,
  num_kv_heads: 4,
  ffn_hidden_size: 400,
};

function stage(shape: typeof SHAPE, from?: typeof SHAPE, depth = "stack"): StageSpan {
  const growth = from && { type: "growth", from, to: shape };
  return { name: "s", shape, growth, depth, parameters: 1e6 } as unknown as StageSpan;
}

/** [style, x, y, width] of each bar, in the order of the drawing. */
function bars(stages: StageSpan[]): [string, number, number, number][] {
  const pattern = /<rect\s+class="(\w+)"\s+x="([\d.]+)"\s+y="([\d.]+)"\s+width="([\d.]+)"/g;
  return [...shapeStrip(stages)!.text.matchAll(pattern)].map(([, style, x, y, width]) => [
    style!,
    Number(x),
    Number(y),
    Number(width),
  ]);
}

test("a stage is a bar a layer; what growth added is marked", () => {
  const large = { ...SHAPE, num_layers: 3, hidden_size: 150 };
  expect(bars([stage(large, SHAPE)])).toEqual([
    ["old", 0, 24, 100],
    ["new", 100, 24, 50],
    ["old", 0, 12, 100],
    ["new", 100, 12, 50],
    ["new", 0, 0, 150],
  ]);
});

test("interleaved layers lie between their sources", () => {
  const deep = { ...SHAPE, num_layers: 4 };
  const styles = bars([stage(deep, SHAPE, "interleave")]).map(([style]) => style);
  expect(styles).toEqual(["old", "new", "old", "new"]);
});

test("all stages are to one scale", () => {
  const large = { ...SHAPE, hidden_size: 200 };
  expect(bars([stage(SHAPE), stage(large)]).map(([, , , width]) => width)).toEqual([
    75, 75, 150, 150,
  ]);
});

test("where bars would touch, layers that look alike are one bar", () => {
  const deep = { ...SHAPE, num_layers: 96 };
  expect(bars([stage(deep, { ...SHAPE, num_layers: 24 })])).toHaveLength(2);
});

test("no shapes, no drawing", () => {
  expect(shapeStrip([{ ...stage(SHAPE), shape: null }])).toBeNull();
});

test("one layer is a layer", () => {
  const small = shapeStrip([stage({ ...SHAPE, num_layers: 1 }), stage(SHAPE)])!.text;
  expect(small).toContain("1 layer × 100 wide");
  expect(small).toContain("2 layers × 100 wide");
});
