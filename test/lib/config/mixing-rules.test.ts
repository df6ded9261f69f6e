import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import type { UserConfig } from "../../../lib/config/types.ts";
import { failure, userConfig } from "./fixtures.ts";

type Data = Partial<UserConfig["data"]>;
type Weights = UserConfig["stages"][number]["weights"];

const SOURCES = [
  { path: "a", name: "english", reference_loss: 2 },
  { path: "b", name: "chinese", reference_loss: 2.5 },
];

const config = (data: Data = {}, weights: Weights = null, rest: Partial<UserConfig> = {}) =>
  userConfig([{ weights }, {}], { data: { sources: SOURCES, ...data }, ...rest });

describe("the mixture of a config", () => {
  test("weights by name become a list in the order of the sources", () => {
    const { stages } = resolveConfig(config({}, { chinese: 2, english: 1 }));
    expect(stages.map(({ weights }) => weights)).toEqual([[1, 2], null]);
    expect(resolveConfig(config({}, [0, 1])).stages[0]!.weights).toEqual([0, 1]);
  });

  test("a source without a name has its place", () => {
    const sources = [{ path: "a" }, { path: "b", name: "chinese" }];
    const { stages } = resolveConfig(config({ sources }, { "0": 3, chinese: 1 }));
    expect(stages[0]!.weights).toEqual([3, 1]);
  });

  test("a resolved config resolves to itself", () => {
    const resolved = resolveConfig(config({ mixing: "dynamic" }, { chinese: 2, english: 1 }));
    expect(resolveConfig(resolved as UserConfig)).toEqual(resolved);
  });

  test.each([
    [
      "a name that is none",
      config({}, { english: 1, chines: 1, chinese: 1 }),
      "stages.0.weights.chines",
      "did you mean chinese?",
    ],
    ["a source that is left out", config({}, { english: 1 }), "stages.0.weights", "chinese"],
    ["a weight of which no sum is finite", config({}, [1, 1e308]), "stages.0.weights.1", ""],
    [
      "a source's weight of that kind",
      config({ sources: [{ path: "a", weight: 1e308 }, { path: "b" }] }),
      "data.sources.0.weight",
      "",
    ],
    [
      "a temperature of which no power is",
      config({ temperature: 1e-3 }),
      "data.temperature",
      "0.1",
    ],
    ["too many weights", config({}, [1, 1, 1]), "stages.0.weights", "3 weights for the 2"],
    ["weights that are all 0", config({}, [0, 0]), "stages.0.weights", "all 0"],
    [
      "two sources of one name",
      config({ sources: [SOURCES[0]!, SOURCES[0]!] }),
      "data.sources.1.name",
      "english",
    ],
    [
      "dynamic without references",
      config({ mixing: "dynamic", sources: [SOURCES[0]!, { path: "b" }] }),
      "data.sources.1.reference_loss",
      "null",
    ],
    [
      "references of other stages",
      config({
        mixing: "dynamic",
        sources: [SOURCES[0]!, { path: "b", reference_loss: [1, 2, 3] }],
      }),
      "data.sources.1.reference_loss",
      "3 losses for 2 stages",
    ],
    [
      "dynamic without validation",
      config({ mixing: "dynamic", validation: { fraction: 0 } }),
      "data.mixing",
      "data.validation.fraction",
    ],
    [
      "dynamic without perplexity",
      config({ mixing: "dynamic" }, null, { eval: { suites: ["iq"] } }),
      "data.mixing",
      "perplexity",
    ],
    [
      "dynamic with preferences",
      config(
        {
          mixing: "dynamic",
          sources: SOURCES.map((source) => ({ ...source, type: "conversation" as const })),
        },
        null,
        { objective: { type: "dpo" }, init: { from: "runs/base" } },
      ),
      "data.mixing",
      "dpo",
    ],
    [
      "dynamic with one source",
      config({ mixing: "dynamic", sources: [SOURCES[0]!] }),
      "data.mixing",
      "one source",
    ],
    [
      "dynamic with a weight of 0",
      config({ mixing: "dynamic" }, [0, 1]),
      "stages.0.weights",
      "has a 0",
    ],
  ])("%s is refused", (_, bad, path, says) => {
    const { issues } = failure(() => resolveConfig(bad));
    expect(issues.map((issue) => issue.path)).toEqual([path]);
    expect(`${issues[0]!.message} ${JSON.stringify(issues[0])}`).toContain(says);
  });

  test.each([
    [{ horizon: "tokens" as const }, "is null"],
    [{ horizon_tokens: "3B" }, "without meaning while schedule.horizon is run"],
  ])("the schedule %j is refused", (schedule, says) => {
    const { issues } = failure(() => resolveConfig(config({}, null, { schedule })));
    expect(issues[0]!.path).toBe("schedule.horizon_tokens");
    expect(JSON.stringify(issues[0])).toContain(says);
  });
});
