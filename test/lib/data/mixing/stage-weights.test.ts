import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../../../lib/config/resolve.ts";
import { sharesAt, stageWeights } from "../../../../lib/data/mixing/stage-weights.ts";
import { userConfig } from "../../config/fixtures.ts";
import { errorOf } from "../support.ts";

const config = (weights: (number[] | null)[], temperature: number | null = null) =>
  resolveConfig(
    userConfig(
      weights.map((own) => ({ weights: own })),
      { data: { temperature, sources: [{ path: "a", weight: 3 }, { path: "b" }] } },
    ),
  );

describe("stageWeights", () => {
  it("takes the stage's, the stage's before or the sources'", () => {
    const weights = stageWeights(config([null, [1, 2], null]), [10, 10]);
    expect(weights).toEqual([
      [3, 1],
      [1, 2],
      [1, 2],
    ]);
  });

  it("multiplies by tokens^(1/T) under a temperature", () => {
    expect(stageWeights(config([[1, 1]], 1), [100, 400])).toEqual([[100, 400]]);
    expect(stageWeights(config([[1, 1]], 2), [100, 400])).toEqual([[10, 20]]);
    const [flat] = stageWeights(config([[3, 1]], 1e9), [100, 400]);
    expect(flat![0]! / flat![1]!).toBeCloseTo(3, 6);
  });

  it("gives an empty source's share to the others, and refuses a stage that has nothing to read", async () => {
    expect(stageWeights(config([null]), [0, 5])).toEqual([[0, 1]]);
    const error = await errorOf(() => stageWeights(config([null, [1, 0]]), [0, 5]));
    expect(error.code).toBe("DATA_EMPTY");
    expect(error.message).toContain("stages.1");
  });
});

describe("sharesAt", () => {
  const of = [
    [1, 3],
    [3, 1],
  ];

  it.each([
    ["stages", 0.5, [0.75, 0.25]],
    ["linear", 0, [0.25, 0.75]],
    ["linear", 0.5, [0.5, 0.5]],
    ["linear", 1, [0.75, 0.25]],
  ] as const)("%s, after %d of the second stage", (mixing, done, expected) => {
    expect(sharesAt(of, mixing, { stage: 1, done })).toEqual(expected);
  });

  it("is constant in the first stage", () => {
    expect(sharesAt(of, "linear", { stage: 0, done: 0.5 })).toEqual([0.25, 0.75]);
  });
});
