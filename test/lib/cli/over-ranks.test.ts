import { describe, expect, it } from "vitest";
import { askedRanks, type AskedSizes } from "../../../lib/cli/over-ranks.ts";
import { failure } from "../failure.ts";

/** A process of torchrun's. */
const rankOf = (world_size: number) => ({
  RANK: "0",
  LOCAL_RANK: "0",
  WORLD_SIZE: String(world_size),
});
const sizes = (options: AskedSizes, env: NodeJS.ProcessEnv) => {
  const { world_size, split } = askedRanks(options, env);
  return [world_size, split.tensor_parallel_size, split.pipeline_parallel_size];
};

describe("ranks that a command asks for", () => {
  it.each<[string, AskedSizes, NodeJS.ProcessEnv, number[]]>([
    ["one, without a launcher", {}, {}, [1, 1, 1]],
    ["as many as are asked for", { tensor: 2, pipeline: 2, data: 3 }, {}, [12, 2, 2]],
    [
      "replicas by default, of all that a launcher has started",
      { tensor: 2, pipeline: 3 },
      rankOf(12),
      [12, 2, 3],
    ],
    ["parts by default, where replicas are fixed", { data: 1, pipeline: 2 }, rankOf(8), [8, 4, 2]],
    ["one, in a batch script of several tasks", {}, { SLURM_NTASKS: "8" }, [1, 1, 1]],
  ])("are %s", (_, options, env, expected) => {
    expect(sizes(options, env)).toEqual(expected);
  });

  it.each([
    [{ tensor: 2 }, 3, ["takes 2 ranks", "torchrun has started 3"]],
    [{ tensor: 4 }, 2, ["takes 4 ranks", "torchrun has started 2"]],
    [{ pipeline: 4 }, 6, ["pipeline-parallel 4", "takes 4 ranks", "torchrun has started 6"]],
    [{ tensor: 2, data: 2 }, 2, ["takes 4 ranks", "torchrun has started 2"]],
  ])("are refused where a launcher has started others: %j of %i", (options, started, says) => {
    const error = failure(() => askedRanks(options, rankOf(started)));
    expect(error.code).toBe("USAGE");
    for (const part of says) expect(error.message).toContain(part);
  });
});
