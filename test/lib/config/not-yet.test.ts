import { describe, expect, test } from "vitest";
import { NOT_YET } from "../../../lib/config/not-yet.ts";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import type { UserConfig } from "../../../lib/config/types.ts";
import { failure, issuePaths, userConfig } from "./fixtures.ts";

const inRun = (rest: Partial<UserConfig>) => userConfig([{}], rest);

const cases: [path: string, config: UserConfig][] = [
  ["stages.0.vocab_size", userConfig([{ vocab_size: 512 }])],
  [
    "eval.suites",
    userConfig([{ parallel: { data_parallel_size: 2 } }], { eval: { suites: ["iq"] } }),
  ],
  ["objective.type", inRun({ objective: { type: "dpo" } })],
  ["optimizer.state_precision", inRun({ optimizer: { state_precision: "bf16" } })],
  ["schedule.horizon", inRun({ schedule: { horizon: "tokens" } })],
  ["stability.spike_sigma", inRun({ stability: { spike_sigma: 6 } })],
  ["stability.max_rollbacks", inRun({ stability: { max_rollbacks: 2 } })],
  ["checkpoint.async", inRun({ checkpoint: { async: true } })],
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
    const config = userConfig([{ lr: 1e-7 }], { checkpoint: { async: true } });
    expect(issuePaths(() => resolveConfig(config))).toEqual(["stages.0.lr", "checkpoint.async"]);
    expect(failure(() => resolveConfig(config)).code).toBe("CONFIG_INVALID");
  });
});
