import { describe, expect, test } from "vitest";
import { parseTokenCount } from "../../../lib/config/schema/token-count.ts";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { failure, userConfig } from "./fixtures.ts";

describe("parseTokenCount", () => {
  test.each([
    ["400k", 400_000],
    ["1.5M", 1_500_000],
    ["3B", 3e9],
    ["2T", 2e12],
    ["245.37B", 245_370_000_000],
    ["1.001M", 1_001_000],
    ["12", 12],
    ["1_000_000", 1_000_000],
    ["3 b", 3e9],
  ])("%s is %d", (text, count) => expect(parseTokenCount(text)).toBe(count));

  test.each(["", "k", "4q", "1e6", "-3k", "1.2.3k", "3kk"])("%j is refused", (text) =>
    expect(parseTokenCount(text)).toBeUndefined(),
  );
});

test.each([0, -1, 1.5, "0k", "1.2345k", "lots"])("a stage of %j tokens is refused", (tokens) => {
  const { issues } = failure(() => resolveConfig(userConfig([{ tokens }])));
  expect(issues.map((issue) => issue.path)).toEqual(["stages.0.tokens"]);
  expect(issues[0]!.message).toContain(JSON.stringify(tokens));
});
