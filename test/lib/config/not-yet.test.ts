import { describe, expect, test } from "vitest";
import { NOT_YET } from "../../../lib/config/not-yet.ts";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import type { UserConfig } from "../../../lib/config/types.ts";
import { failure, issuePaths, userConfig } from "./fixtures.ts";

const inStage = (parallel: object) => userConfig([{ parallel }]);
const inRun = (rest: Partial<UserConfig>) => userConfig([{}], rest);

const cases: [path: string, config: UserConfig][] = [
  ["init.from", inRun({ init: { from: "runs/a/checkpoints/step-1" } })],
  ["stages.0.vocab_size", userConfig([{ vocab_size: 512 }])],
  ["stages.0.parallel.tensor_parallel_size", inStage({ tensor_parallel_size: 2 })],
  ["stages.0.parallel.pipeline_parallel_size", inStage({ pipeline_parallel_size: 2 })],
  ["stages.0.parallel.virtual_pipeline_size", inStage({ virtual_pipeline_size: 2 })],
  ["stages.0.parallel.data_parallel_size", inStage({ data_parallel_size: 2 })],
  ["stages.0.parallel.sequence_parallel", inStage({ sequence_parallel: true })],
  ["stages.0.parallel.recompute", inStage({ recompute: "selective" })],
  ["data.sources.0.format", inRun({ data: { sources: [{ path: "a", format: "parquet" }] } })],
  ["objective.type", inRun({ objective: { type: "freelm" } })],
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

  test("full recomputation and growth are there", () => {
    const config = userConfig([{ parallel: { recompute: "full" } }, { num_layers: 8 }]);
    expect(() => resolveConfig(config)).not.toThrow();
  });

  test("they are told together with mistakes, which decide the code", () => {
    const config = userConfig([{ lr: 1e-7 }], { checkpoint: { async: true } });
    expect(issuePaths(() => resolveConfig(config))).toEqual(["stages.0.lr", "checkpoint.async"]);
    expect(failure(() => resolveConfig(config)).code).toBe("CONFIG_INVALID");
  });
});
