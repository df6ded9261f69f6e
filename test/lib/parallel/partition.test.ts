import { describe, expect, test } from "vitest";
import { partitionLayers } from "../../../lib/parallel/partition.ts";
import { modelFlopsPerToken } from "../../../lib/scaling/flops.ts";
import { pipelineMesh, range, SHAPE } from "./meshes.ts";

const counts = (layers: number, pipeline: number, virtual = 1, vocab_size = 1) => {
  const shape = { ...SHAPE, num_layers: layers, vocab_size };
  return partitionLayers(shape, pipelineMesh(pipeline, virtual)).map((chunks) =>
    chunks.map(({ count }) => count),
  );
};

/** FLOPs of the dearest piece, when the pieces have so many layers. */
function dearest(layers: readonly number[], vocab_size: number): number {
  const cost = (num_layers: number) => modelFlopsPerToken({ ...SHAPE, num_layers, vocab_size });
  const head = cost(0);
  return Math.max(...layers.map((n, i) => cost(n) - (i === layers.length - 1 ? 0 : head)));
}

/** Every way to write `total` as a sum of `parts` numbers from 1 on. */
function compositions(total: number, parts: number): number[][] {
  if (parts === 1) return [[total]];
  return range(total - parts + 1).flatMap((n) =>
    compositions(total - n - 1, parts - 1).map((rest) => [n + 1, ...rest]),
  );
}

describe("partitionLayers", () => {
  test("one rank has all layers", () => {
    expect(partitionLayers(SHAPE, pipelineMesh(1))).toEqual([[{ first: 0, count: 8 }]]);
  });

  test("chunks are dealt out in rounds", () => {
    expect(partitionLayers({ ...SHAPE, vocab_size: 1 }, pipelineMesh(2, 2))).toEqual([
      [
        { first: 0, count: 2 },
        { first: 4, count: 2 },
      ],
      [
        { first: 2, count: 2 },
        { first: 6, count: 2 },
      ],
    ]);
  });

  test("layers that are left over go to late ranks", () => {
    expect(counts(10, 4)).toEqual([[2], [3], [3], [2]]);
  });

  test("a heavy head makes the last rank's layers fewer, but leaves it one", () => {
    expect(counts(12, 4, 1, 1)).toEqual([[3], [3], [3], [3]]);
    expect(counts(13, 4, 1, 800)).toEqual([[3], [4], [4], [2]]);
    expect(counts(13, 4, 1, 80_000)).toEqual([[4], [4], [4], [1]]);
  });

  test("no other split has a cheaper dearest piece", () => {
    for (const vocab_size of [1, 257, 1000, 5000])
      for (const layers of range(12).map((i) => i + 1))
        for (const pieces of range(Math.min(layers, 5)).map((i) => i + 1)) {
          const found = counts(layers, pieces, 1, vocab_size).flat();
          const best = Math.min(
            ...compositions(layers, pieces).map((split) => dearest(split, vocab_size)),
          );
          expect(dearest(found, vocab_size), `${layers} layers in ${found}`).toBe(best);
        }
  });

  test("pieces follow one another without a gap and share the layers", () => {
    for (const [layers, pipeline, virtual] of [
      [16, 4, 3],
      [31, 5, 2],
      [80, 8, 4],
    ] as const) {
      const ranks = partitionLayers(
        { ...SHAPE, num_layers: layers },
        pipelineMesh(pipeline, virtual),
      );
      let next = 0;
      for (const chunk of range(virtual))
        for (const rank of range(pipeline)) {
          const { first, count } = ranks[rank]![chunk]!;
          expect(first).toBe(next);
          expect(count).toBeGreaterThan(0);
          next += count;
        }
      expect(next).toBe(layers);
    }
  });
});
