import { describe, expect, it } from "vitest";
import {
  copied,
  elementCount,
  reordered,
  type StreamedTensor,
  transposed,
  transposedPart,
} from "../../../lib/export/streamed-tensor.ts";
import type { WeightSource } from "../../../lib/export/weight-source.ts";
import { failure } from "../failure.ts";

/** Matrices whose values are their own indices, made when they are read. */
function counting(sizes: Record<string, [rows: number, cols: number]>): WeightSource & {
  largestRead: () => number;
} {
  let largest = 0;
  return {
    sizeOf(name) {
      const size = sizes[name];
      return size && { rows: size[0], cols: size[1] };
    },
    read(name, firstRow, rows) {
      const [, cols] = sizes[name]!;
      largest = Math.max(largest, rows * cols);
      return Float32Array.from({ length: rows * cols }, (_, i) => firstRow * cols + i);
    },
    largestRead: () => largest,
  };
}

const valuesOf = ({ pieces }: StreamedTensor) => [...pieces()].flatMap((piece) => [...piece]);

describe("a copied matrix", () => {
  it("is read a few rows at a time", () => {
    const source = counting({ large: [3000, 1000] });
    const tensor = copied(source, "large", "new");
    let count = 0;
    for (const piece of tensor.pieces()) count += piece.length;
    expect(count).toBe(elementCount(tensor.shape));
    expect(source.largestRead()).toBeLessThanOrEqual(2 ** 20);
  });

  it("is multiplied, and a vector loses its axis of rows", () => {
    const source = counting({ vector: [1, 3] });
    const tensor = copied(source, "vector", "new", { scale: 2 });
    expect([tensor.name, tensor.shape, valuesOf(tensor)]).toEqual(["new", [3], [0, 2, 4]]);
    expect(copied(source, "vector", "new", { keepMatrix: true }).shape).toEqual([1, 3]);
  });

  it("that is not there is named", () => {
    expect(failure(() => copied(counting({}), "gone", "new"))).toMatchObject({
      code: "CHECKPOINT_INVALID",
      message: expect.stringContaining("gone"),
    });
  });
});

describe("transposed matrices", () => {
  const source = counting({ a: [2, 3], b: [1, 3], wide: [700, 2000], bias: [1, 2] });

  it("stand side by side", () => {
    const tensor = transposed(source, ["a", "a"], "new");
    expect(tensor.shape).toEqual([3, 4]);
    expect(valuesOf(tensor)).toEqual([0, 3, 0, 3, 1, 4, 1, 4, 2, 5, 2, 5]);
  });

  it("come back from a part, in several pieces", () => {
    const stored = transposed(source, ["wide"], "stored");
    const values = Float32Array.from(valuesOf(stored));
    const other: WeightSource = {
      sizeOf: () => ({ rows: 2000, cols: 700 }),
      read: (_, first, rows) => values.slice(first * 700, (first + rows) * 700),
    };
    const part = transposedPart(other, "stored", "part", 10, 690);
    expect(part.shape).toEqual([680, 2000]);
    const back = valuesOf(part);
    expect(back).toHaveLength(680 * 2000);
    expect(back.every((value, i) => value === 10 * 2000 + i)).toBe(true);
  });

  it("of vectors are vectors", () => {
    expect(valuesOf(transposed(source, ["bias", "b"], "new"))).toEqual([0, 1, 0, 1, 2]);
    expect(valuesOf(transposedPart(source, "b", "part", 1, 3))).toEqual([1, 2]);
  });
});

it("rows are reordered within their blocks, values of a vector too", () => {
  const source = counting({ matrix: [4, 2], vector: [1, 4] });
  const swap = (row: number) => row ^ 1;
  expect(valuesOf(reordered(source, "matrix", "new", 2, swap))).toEqual([2, 3, 0, 1, 6, 7, 4, 5]);
  expect(valuesOf(reordered(source, "vector", "new", 2, swap))).toEqual([1, 0, 3, 2]);
});
