import { describe, expect, it } from "vitest";
import {
  meshOfPlace,
  type ModelPlace,
  ONE_PROCESS,
  teamOf,
} from "../../../lib/eval/model-place.ts";
import { INSTRUCTION_FIELDS } from "../../../lib/parallel/instruction.ts";

/** A rank of twelve, of which two share every matrix and two of those pairs the layers. */
function placeOf(rank: number): ModelPlace {
  return {
    ...ONE_PROCESS,
    ranks: {
      ...ONE_PROCESS.ranks,
      rank,
      world_size: 12,
      gather: async <T>(key: string) =>
        Array.from({ length: 12 }, (_, from) => `${key} of ${from}`) as T[],
    },
    split: { tensor_parallel_size: 2, pipeline_parallel_size: 2 },
  };
}

describe("the place of a rank among those that use one model", () => {
  it("is in one of as many replicas as the ranks make", () => {
    expect(meshOfPlace(placeOf(9))).toMatchObject({
      mesh: { tensor_parallel_size: 2, pipeline_parallel_size: 2, data_parallel_size: 3 },
      at: { tensor: 1, pipeline: 1, data: 1 },
    });
    expect(meshOfPlace(ONE_PROCESS)).toMatchObject({
      mesh: { tensor_parallel_size: 1, pipeline_parallel_size: 1, data_parallel_size: 1 },
      at: { tensor: 0, pipeline: 0, data: 0 },
    });
  });

  it("has a replica's items, and a rank with the last layers speaks for each", async () => {
    const team = teamOf(placeOf(4));
    expect([team.replicas, team.replica]).toEqual([3, 2]);
    expect(await team.gather("x")).toEqual(["scores of 6", "scores of 8", "scores of 10"]);
  });

  it("has a work list where there is a pipeline, and none without", () => {
    // A forward pass, and a transfer to the rank behind or from the one before.
    for (const rank of [0, 6])
      expect(teamOf(placeOf(rank)).instructions(3)).toHaveLength(2 * 3 * INSTRUCTION_FIELDS);
    expect(teamOf(ONE_PROCESS).instructions(3)).toHaveLength(0);
  });
});
