import { describe, expect, test } from "vitest";
import {
  changesOf,
  COORDINATES,
  coordinateRows,
  isFlat,
} from "../../../lib/scaling/coordinate-check.ts";

const activation = (name: string, ...values: number[]) => ({
  name,
  cols: values.length,
  values: Float32Array.from(values),
});
const PARTS = ["embedding", "layers.0.attention", "layers.0.ffn", "layers.0", "logits"];

describe("changesOf", () => {
  test("is the mean of absolute differences, of each part", () => {
    const before = PARTS.map((name) => activation(name, 1, 2));
    const after = PARTS.map((name, i) => activation(name, 1 + i, 2 - 3 * i));
    expect(changesOf(before, after)).toEqual({
      embedding: 0,
      attention: 2,
      ffn: 4,
      block: 6,
      logits: 8,
    });
  });

  test("takes the layers together", () => {
    const parts = [
      ...PARTS.slice(0, -1),
      "layers.1.attention",
      "layers.1.ffn",
      "layers.1",
      "logits",
    ];
    const before = parts.map((name) => activation(name, 0));
    const after = parts.map((name) => activation(name, name.startsWith("layers.1") ? 3 : 1));
    expect(changesOf(before, after)).toMatchObject({
      embedding: 1,
      attention: 2,
      ffn: 2,
      block: 2,
    });
  });
});

describe("coordinateRows", () => {
  const change = (size: number) =>
    Object.fromEntries(COORDINATES.map((name) => [name, size])) as ReturnType<typeof changesOf>;

  test("compares the largest width's change with the smallest, whichever way it goes", () => {
    const rows = coordinateRows([change(4), change(2), change(1)]);
    expect(rows.map(({ coordinate }) => coordinate)).toEqual([...COORDINATES]);
    expect(rows[0]).toEqual({ coordinate: "embedding", changes: [4, 2, 1], ratio: 4 });
  });

  test("is flat below a factor of 2", () => {
    expect(isFlat(coordinateRows([change(1), change(1.99)]))).toBe(true);
    expect(isFlat(coordinateRows([change(1), { ...change(1), logits: 2 }]))).toBe(false);
  });
});
