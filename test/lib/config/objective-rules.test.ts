import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import type { UserConfig } from "../../../lib/config/types.ts";
import { issuePaths, userConfig } from "./fixtures.ts";

type Source = UserConfig["data"]["sources"][number];
type Objective = NonNullable<UserConfig["objective"]>["type"];

const config = (type: Objective, ...sources: Omit<Source, "path">[]) =>
  userConfig([{}], {
    objective: { type },
    data: { sources: sources.map((source) => ({ path: "a.jsonl", ...source })) },
  });

describe("sources and objectives", () => {
  test.each([
    config("language", {}),
    config("freelm", { type: "proposition" }, { type: "text" }),
    config("instruct", { type: "conversation", format: "parquet" }),
  ])("go together", (good) => {
    expect(() => resolveConfig(good)).not.toThrow();
  });

  test.each([
    [
      "a sample that is not learned",
      config("language", { type: "proposition" }),
      ["data.sources.0.type"],
    ],
    [
      "the other objective's",
      config("freelm", { type: "conversation" }),
      ["data.sources.0.type", "objective.type"],
    ],
    ["an objective without a source", config("instruct", {}), ["objective.type"]],
    [
      "samples of plain text",
      config("instruct", { type: "conversation", format: "text" }),
      ["data.sources.0.type"],
    ],
  ])("%s is refused", (_, bad, paths) => {
    expect(issuePaths(() => resolveConfig(bad))).toEqual(paths);
  });
});

describe("preferences", () => {
  const pairs = { type: "conversation" } as const;
  const tuned = (
    stages: Parameters<typeof userConfig>[0],
    init: UserConfig["init"] = { from: "runs/base" },
  ) =>
    userConfig(stages, {
      init,
      objective: { type: "dpo" },
      data: { sources: [{ path: "a.jsonl", ...pairs }] },
    });

  test("are learned from conversations, also on several ranks and with growth", () => {
    const parallel = { data_parallel_size: 2, tensor_parallel_size: 2 };
    expect(() => resolveConfig(tuned([{ parallel }, {}]))).not.toThrow();
  });

  test.each([
    ["no model to compare with", tuned([{}], {}), ["init.from"]],
    ["half a pair", tuned([{ global_batch_size: 7 }]), ["stages.0.global_batch_size"]],
    [
      "half a pair on a rank",
      tuned([{ global_batch_size: 6, parallel: { data_parallel_size: 2 } }]),
      ["stages.0.global_batch_size"],
    ],
    [
      "a pipeline",
      tuned([{ parallel: { pipeline_parallel_size: 2 } }]),
      ["stages.0.parallel.pipeline_parallel_size"],
    ],
    ["rows of other lengths", tuned([{}, { seq_length: 96 }]), ["stages.1.seq_length"]],
    [
      "text",
      userConfig([{}], {
        init: { from: "runs/base" },
        objective: { type: "dpo" },
        data: { sources: [{ path: "a.jsonl", ...pairs }, { path: "b.jsonl" }] },
      }),
      ["data.sources.1.type"],
    ],
  ])("are refused with %s", (_, bad, paths) => {
    expect(issuePaths(() => resolveConfig(bad))).toEqual(paths);
  });
});

test("going back to a checkpoint needs leave to do so", () => {
  const stability = { spike_action: "rollback" } as const;
  expect(issuePaths(() => resolveConfig(userConfig([{}], { stability })))).toEqual([
    "stability.spike_action",
  ]);
});
