import { describe, expect, test } from "vitest";
import type { Mesh } from "../../../lib/parallel/mesh.ts";
import { rankParts } from "../../../lib/parallel/rank-parts.ts";
import { countParameters } from "../../../lib/scaling/parameters.ts";
import { wholeModel } from "../../../lib/scaling/rank-part.ts";
import { presetShape } from "../scaling/presets.ts";

const shape = { ...presetShape("gpt2-124m"), num_layers: 12 };
const meshOf = (tensor: number, pipeline: number, virtual = 1): Mesh => ({
  tensor_parallel_size: tensor,
  pipeline_parallel_size: pipeline,
  data_parallel_size: 1,
  virtual_pipeline_size: virtual,
  world_size: tensor * pipeline,
});
const parts = (mesh: Mesh, numMicroBatches = 8) =>
  rankParts(shape, mesh, { sequence_parallel: true, numMicroBatches });

describe("rankParts", () => {
  test("one rank has all of the model", () => {
    expect(parts(meshOf(1, 1))).toEqual([wholeModel(shape)]);
    const { matrices, vectors } = wholeModel(shape);
    expect(matrices + vectors).toBe(countParameters(shape));
  });

  test("tensor-parallel ranks share matrices; norms are whole on each", () => {
    const [whole] = parts(meshOf(1, 1));
    const [half] = parts(meshOf(2, 1));
    // The position table is whole on every rank, and the odd row of the vocabulary on the first.
    const table = shape.seq_length * shape.hidden_size;
    const odd = Math.ceil(shape.vocab_size / 2) - shape.vocab_size / 2;
    expect(half!.matrices).toBe((whole!.matrices - table) / 2 + table + odd * shape.hidden_size);
    expect(half!.vectors).toBeGreaterThan(whole!.vectors / 2);
    expect(half!.shape.num_attention_heads).toBe(shape.num_attention_heads / 2);
    expect(half!.sequence_parallel).toBe(true);
  });

  test("a pipeline's first rank keeps the most micro-batches, its last has the head", () => {
    const all = parts(meshOf(1, 4));
    expect(all.map(({ chunks }) => chunks[0]!.slots)).toEqual([4, 3, 2, 1]);
    expect(all.map(({ is_last }) => is_last)).toEqual([false, false, false, true]);
    const layers = all.map(({ shape: { num_layers } }) => num_layers);
    expect(layers.reduce((sum, count) => sum + count)).toBe(12);
  });

  test("a step of two micro-batches fills no more than two slots", () => {
    expect(parts(meshOf(1, 4), 2).map(({ chunks }) => chunks[0]!.slots)).toEqual([2, 2, 2, 1]);
  });

  test("interleaved ranks have several chunks", () => {
    const all = parts(meshOf(1, 2, 2));
    expect(all.map(({ chunks }) => chunks.length)).toEqual([2, 2]);
  });
});
