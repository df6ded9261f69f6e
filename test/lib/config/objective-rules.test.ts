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
