import { describe, expect, test } from "vitest";
import {
  coordinatesOf,
  type Mesh,
  meshOf,
  rankOf,
  ranksOf,
  worldSizeOf,
} from "../../../lib/parallel/mesh.ts";
import { failure } from "../failure.ts";
import { parallelConfig, range, SHAPE } from "./meshes.ts";

const CUBE: Mesh = {
  tensor_parallel_size: 2,
  pipeline_parallel_size: 3,
  data_parallel_size: 4,
  virtual_pipeline_size: 1,
  world_size: 26,
};

describe("meshOf", () => {
  test("an omitted data-parallel size takes all ranks", () => {
    const parallel = parallelConfig({ tensor_parallel_size: 2, pipeline_parallel_size: 2 });
    expect(meshOf(parallel, SHAPE, 12)).toEqual({
      tensor_parallel_size: 2,
      pipeline_parallel_size: 2,
      data_parallel_size: 3,
      virtual_pipeline_size: 1,
      world_size: 12,
    });
  });

  test("a given one may leave ranks waiting", () => {
    const parallel = parallelConfig({ tensor_parallel_size: 2, data_parallel_size: 1 });
    expect(ranksOf(meshOf(parallel, SHAPE, 6))).toBe(2);
  });

  test("a world that does not divide is refused unless the config says who waits", () => {
    const parallel = parallelConfig({ tensor_parallel_size: 2, pipeline_parallel_size: 2 });
    const { code, message, hint } = failure(() => meshOf(parallel, SHAPE, 6));
    expect(code).toBe("CONFIG_INVALID");
    expect(message).toContain("6 ranks are not a multiple of");
    expect(message).toContain("= 4");
    expect(hint).toBe("start 4 or 8 ranks, or let 2 wait with data_parallel_size: 1");
  });

  test.each([null, 2])("more ranks than the world has are refused (data size %s)", (data) => {
    const parallel = parallelConfig({ tensor_parallel_size: 4, data_parallel_size: data });
    const { code, message, hint } = failure(() => meshOf(parallel, SHAPE, 3));
    const needed = 4 * (data ?? 1);
    expect(code).toBe("CONFIG_INVALID");
    expect(message).toContain(`needs ${needed} ranks, but the run has 3`);
    expect(hint).toContain(`start ${needed} ranks`);
  });

  test.each([
    [{ num_attention_heads: 6 }, {}, "does not divide num_attention_heads 6"],
    [{ ffn_hidden_size: 90 }, {}, "does not divide ffn_hidden_size 90"],
    [{ hidden_size: 50 }, {}, "does not divide hidden_size 50"],
    [{ seq_length: 22 }, { sequence_parallel: true }, "does not divide seq_length 22"],
    [{ num_kv_heads: 3 }, {}, "neither divides num_kv_heads 3 nor is a multiple of it"],
    [{ vocab_size: 3 }, {}, "leaves its last rank none of the vocab_size 3 rows"],
  ])("four tensor-parallel ranks cannot share %o", (shape, keys, problem) => {
    const parallel = parallelConfig({ tensor_parallel_size: 4, ...keys });
    const { code, message, hint } = failure(() => meshOf(parallel, { ...SHAPE, ...shape }, 4));
    expect(code).toBe("CONFIG_INVALID");
    expect(message).toContain(`tensor_parallel_size 4 ${problem}`);
    expect(hint).toMatch(/this shape can be split over (1|1, .*)/);
  });

  test("the hint lists every split that fits", () => {
    const parallel = parallelConfig({ tensor_parallel_size: 5 });
    const { hint } = failure(() => meshOf(parallel, SHAPE, 5));
    expect(hint).toBe("this shape can be split over 1, 2, 4 or 12");
  });

  test("fewer KV heads than ranks, and a sequence that only sequence parallelism would split", () => {
    const parallel = parallelConfig({ tensor_parallel_size: 4 });
    expect(() => meshOf(parallel, { ...SHAPE, num_kv_heads: 2, seq_length: 23 }, 4)).not.toThrow();
  });

  test("every piece of a pipeline needs a layer", () => {
    const parallel = parallelConfig({ pipeline_parallel_size: 4, virtual_pipeline_size: 3 });
    const { message, hint } = failure(() => meshOf(parallel, SHAPE, 4));
    expect(message).toContain("pipeline_parallel_size 4 · virtual_pipeline_size 3 = 12 pieces");
    expect(message).toContain("num_layers is 8");
    expect(hint).toContain("8 or less");
  });

  test("chunks need a pipeline", () => {
    const { message, hint } = failure(() =>
      meshOf(parallelConfig({ virtual_pipeline_size: 2 }), SHAPE, 1),
    );
    expect(message).toContain("virtual_pipeline_size 2 needs a pipeline");
    expect(hint).toContain("pipeline_parallel_size to 2 or more");
  });
});

test("without a launcher the largest stage decides the world", () => {
  const stages = [
    { parallel: parallelConfig({ tensor_parallel_size: 2, data_parallel_size: 3 }) },
    { parallel: parallelConfig({ tensor_parallel_size: 2, pipeline_parallel_size: 2 }) },
  ];
  expect(worldSizeOf(stages)).toBe(6);
});

describe("coordinates", () => {
  test("tensor is innermost, then data, then pipeline", () => {
    expect(coordinatesOf(CUBE, 1)).toEqual({ tensor: 1, data: 0, pipeline: 0 });
    expect(coordinatesOf(CUBE, 2)).toEqual({ tensor: 0, data: 1, pipeline: 0 });
    expect(coordinatesOf(CUBE, 8)).toEqual({ tensor: 0, data: 0, pipeline: 1 });
  });

  test("rankOf undoes coordinatesOf", () => {
    for (const rank of range(24)) expect(rankOf(CUBE, coordinatesOf(CUBE, rank)!)).toBe(rank);
  });

  test("ranks behind the mesh have none", () => {
    expect(coordinatesOf(CUBE, 24)).toBeNull();
    expect(coordinatesOf(CUBE, 25)).toBeNull();
  });
});
