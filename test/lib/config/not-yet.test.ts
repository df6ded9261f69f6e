import { describe, expect, test } from "vitest";
import { NOT_YET } from "../../../lib/config/not-yet.ts";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import type { UserConfig } from "../../../lib/config/types.ts";
import { failure, issuePaths, userConfig } from "./fixtures.ts";

const cases: [path: string, config: UserConfig][] = [
  ["stages.0.vocab_size", userConfig([{ vocab_size: 512 }])],
  [
    "eval.suites",
    userConfig([{ parallel: { data_parallel_size: 2 } }], { eval: { suites: ["iq"] } }),
  ],
];

describe("features that are not there yet", () => {
  test.each(cases)("%s is refused, never ignored", (path, config) => {
    const error = failure(() => resolveConfig(config));
    expect(error.code).toBe("NOT_SUPPORTED");
    expect(error.issues.map((issue) => issue.path)).toEqual([path]);
    expect(error.message).toContain("not supported yet");
  });

  test.each(cases)("%s passes for a caller that only looks", (_path, config) => {
    expect(() => resolveConfig(config, { unsupported: "allow" })).not.toThrow();
  });

  test("every entry of the list has a case", () => {
    const configs = cases.map(([, config]) => resolveConfig(config, { unsupported: "allow" }));
    for (const { feature, askedBy } of NOT_YET)
      expect(
        configs.some((config) => askedBy(config).length > 0),
        feature,
      ).toBe(true);
  });

  test("recomputation, growth and several ranks are there", () => {
    const parallel = { tensor_parallel_size: 2, sequence_parallel: true, recompute: "selective" };
    const config = userConfig([{ parallel }, { num_layers: 8 }] as UserConfig["stages"]);
    expect(() => resolveConfig(config)).not.toThrow();
  });

  test("they are told together with mistakes, which decide the code", () => {
    const config = userConfig([{ lr: 1e-7, vocab_size: 512 }]);
    const paths = issuePaths(() => resolveConfig(config));
    expect(paths).toEqual(["stages.0.lr", "stages.0.vocab_size"]);
    expect(failure(() => resolveConfig(config)).code).toBe("CONFIG_INVALID");
  });
});
