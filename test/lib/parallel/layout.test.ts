import { describe, expect, test } from "vitest";
import type { ModelShape } from "../../../lib/config/shape.ts";
import { type LocalTensor, localTensors } from "../../../lib/parallel/layout.ts";
import type { Mesh } from "../../../lib/parallel/mesh.ts";
import { countParameters, parameterTable } from "../../../lib/scaling/parameters.ts";
import { pipelineMesh, range, SHAPE } from "./meshes.ts";

const EVERYTHING: ModelShape = {
  ...SHAPE,
  norm: "layer_norm",
  position_embedding: "learned",
  bias: true,
};

const SHAPES: Record<string, ModelShape> = {
  llama: SHAPE,
  everything: EVERYTHING,
  tied: { ...EVERYTHING, tie_embeddings: true, activation: "gelu" },
  "one KV head": { ...EVERYTHING, num_kv_heads: 1 },
};

function meshOfSizes(tensor: number, pipeline: number, virtual = 1): Mesh {
  return {
    ...pipelineMesh(pipeline, virtual),
    tensor_parallel_size: tensor,
    data_parallel_size: 1,
  };
}

const MESHES = [
  meshOfSizes(1, 1),
  meshOfSizes(2, 1),
  meshOfSizes(12, 1),
  meshOfSizes(1, 3),
  meshOfSizes(4, 2),
  meshOfSizes(2, 2, 2),
  meshOfSizes(6, 4, 2),
];

/** `[pipeline][tensor]`. */
function allTensors(shape: ModelShape, mesh: Mesh): LocalTensor[][][] {
  return range(mesh.pipeline_parallel_size).map((pipeline) =>
    range(mesh.tensor_parallel_size).map((tensor) =>
      localTensors(shape, mesh, { tensor, pipeline }),
    ),
  );
}

/** How many ranks hold each value of a tensor. */
function holders(tensors: readonly LocalTensor[], rows: number, cols: number): Uint8Array {
  const counts = new Uint8Array(rows * cols);
  for (const { box } of tensors)
    for (let row = box.row_begin; row < box.row_begin + box.row_count; row++) {
      const begin = row * cols + box.col_begin;
      for (let i = begin; i < begin + box.col_count; i++) counts[i]!++;
    }
  return counts;
}

const sizeOf = ({ box }: LocalTensor) => box.row_count * box.col_count;

function local(shape: ModelShape, mesh: Mesh, tensor: number, pipeline: number, name: string) {
  return localTensors(shape, mesh, { tensor, pipeline }).find((found) => found.name === name);
}

describe.each(Object.entries(SHAPES))("%s", (_, shape) => {
  // Four KV heads do not split over six ranks.
  const meshes = MESHES.filter(
    ({ tensor_parallel_size: size }) =>
      size % shape.num_kv_heads === 0 || shape.num_kv_heads % size === 0,
  );

  test("boxes tile every tensor, each value as often as it says", () => {
    for (const mesh of meshes) {
      const everywhere = allTensors(shape, mesh).flat(2);
      for (const {
        name,
        shape: [rows, cols],
      } of parameterTable(shape)) {
        const held = everywhere.filter((tensor) => tensor.name === name);
        const [{ replicas, shared }] = held as [LocalTensor];
        const expected = replicas * (shared ? 2 : 1);
        expect(
          holders(held, rows, cols).every((count) => count === expected),
          name,
        ).toBe(true);
      }
    }
  });

  test("one replica of each box, over all ranks, is the model", () => {
    for (const mesh of meshes) {
      const speaking = allTensors(shape, mesh).flatMap((ranks, pipeline) =>
        ranks.flat().filter(({ replica, shared }) => replica === 0 && !(shared && pipeline > 0)),
      );
      const values = speaking.reduce((sum, tensor) => sum + sizeOf(tensor), 0);
      expect(values).toBe(countParameters(shape));
    }
  });

  test("every rank lists its tensors in the table's order", () => {
    const order = parameterTable(shape).map(({ name }) => name);
    for (const mesh of meshes)
      for (const rank of allTensors(shape, mesh).flat()) {
        const names = rank.map(({ name }) => name);
        expect(names).toEqual(order.filter((name) => names.includes(name)));
      }
  });
});

describe("tensor parallelism", () => {
  const mesh = meshOfSizes(4, 1);
  const box = (name: string, shape = EVERYTHING, on = mesh) => local(shape, on, 1, 0, name)?.box;

  test("splits column-parallel matrices by rows, with their biases", () => {
    expect(box("layers.0.attention.q.weight")).toEqual({
      row_begin: 12,
      row_count: 12,
      col_begin: 0,
      col_count: 48,
    });
    expect(box("layers.0.attention.q.bias")).toEqual({
      row_begin: 0,
      row_count: 1,
      col_begin: 12,
      col_count: 12,
    });
    expect(box("layers.0.ffn.gate.weight")).toMatchObject({ row_begin: 24, row_count: 24 });
    expect(box("layers.0.ffn.up.bias")).toMatchObject({ col_begin: 24, col_count: 24 });
  });

  test("splits row-parallel matrices by columns and leaves their biases whole", () => {
    expect(box("layers.0.attention.out.weight")).toEqual({
      row_begin: 0,
      row_count: 48,
      col_begin: 12,
      col_count: 12,
    });
    expect(box("layers.0.ffn.down.weight")).toMatchObject({ col_begin: 24, col_count: 24 });
    for (const name of ["attention.out.bias", "ffn.down.bias", "norm1.gain", "norm2.bias"])
      expect(local(EVERYTHING, mesh, 1, 0, `layers.0.${name}`)).toMatchObject({
        box: { row_begin: 0, row_count: 1, col_begin: 0, col_count: 48 },
        replicas: 4,
        replica: 1,
      });
  });

  test("a vocabulary that does not divide leaves the last ranks less", () => {
    const rows = (vocab_size: number) =>
      range(4).map((tensor) => {
        const found = local({ ...SHAPE, vocab_size }, mesh, tensor, 0, "head.weight");
        return [found!.box.row_begin, found!.box.row_count];
      });
    expect(rows(10)).toEqual([
      [0, 3],
      [3, 3],
      [6, 3],
      [9, 1],
    ]);
    expect(rows(5)).toEqual([
      [0, 2],
      [2, 2],
      [4, 1],
      [5, 0],
    ]);
  });

  test("neighbours share a KV head where there are too few, the one that their queries read", () => {
    const on = meshOfSizes(12, 1);
    const parts = range(12).map((tensor) => {
      const { box, replicas, replica } = local(
        SHAPE,
        on,
        tensor,
        0,
        "layers.0.attention.k.weight",
      )!;
      return [box.row_begin / SHAPE.head_size, replicas, replica];
    });
    // 12 query heads on 4 KV heads: query head i, alone on rank i, reads KV head floor(i / 3).
    expect(parts).toEqual(range(12).map((rank) => [Math.floor(rank / 3), 3, rank % 3]));
  });
});

describe("pipeline", () => {
  const mesh = meshOfSizes(1, 2, 2);
  const names = (shape: ModelShape, pipeline: number) =>
    localTensors(shape, mesh, { tensor: 0, pipeline })
      .filter(({ name }) => !name.startsWith("layers."))
      .map(({ name, chunk, shared }) => [name, chunk, shared]);

  test("embeddings on the first rank, norm and head on the last", () => {
    expect(names(EVERYTHING, 0)).toEqual([
      ["embedding.weight", 0, false],
      ["position.weight", 0, false],
    ]);
    expect(names(EVERYTHING, 1)).toEqual([
      ["final_norm.gain", 1, false],
      ["final_norm.bias", 1, false],
      ["head.weight", 1, false],
    ]);
  });

  test("a tied embedding on both", () => {
    const tied = { ...SHAPE, tie_embeddings: true };
    expect(names(tied, 0)).toEqual([["embedding.weight", 0, true]]);
    expect(names(tied, 1)).toEqual([
      ["embedding.weight", 1, true],
      ["final_norm.gain", 1, false],
    ]);
    const alone = localTensors(tied, pipelineMesh(1), { tensor: 0, pipeline: 0 });
    expect(alone.filter(({ name }) => name === "embedding.weight")).toHaveLength(1);
    expect(alone.every(({ shared }) => !shared)).toBe(true);
  });

  test("layers in the chunks that the partition gives them", () => {
    const chunkOf = (layer: number, pipeline: number) =>
      local(SHAPE, mesh, 0, pipeline, `layers.${layer}.norm1.gain`)?.chunk;
    // 257 tokens weigh little beside a layer: two layers for each of the four pieces.
    expect(range(8).map((layer) => chunkOf(layer, 0))).toEqual([
      0,
      0,
      undefined,
      undefined,
      1,
      1,
      undefined,
      undefined,
    ]);
    expect(range(8).map((layer) => chunkOf(layer, 1))).toEqual([
      undefined,
      undefined,
      0,
      0,
      undefined,
      undefined,
      1,
      1,
    ]);
  });
});
