import { expect, it } from "vitest";
import { prepareData } from "../../../lib/data/prepare.ts";
import { repeatWarnings, sourceUse } from "../../../lib/data/repeats.ts";
import { loadNative } from "../../../lib/native/load.ts";
import { configFor, directoryWith } from "./support.ts";

it("counts how often a run reads each source, and warns of many times", async () => {
  const directory = directoryWith({ "a.txt": "a".repeat(500_000), "b.txt": "b".repeat(50_000) });
  const sources = [{ path: "a.txt", weight: 3 }, { path: "b.txt" }, { path: "b*.txt" }];
  // One stage of 1e6 tokens; the third source has nothing of its own.
  const config = configFor(directory, {
    sources,
    cache_dir: "cache",
    validation: { fraction: 0 },
  });
  const data = await prepareData(config, { native: loadNative() });
  const use = sourceUse(config, [data]);
  expect(use.map(({ share }) => share)).toEqual([0.75, 0.25, 0]);
  const [first, second, none] = use.map(({ epochs }) => epochs);
  expect(first).toBeCloseTo(1.5, 1);
  expect(second! / first!).toBeCloseTo(10 / 3, 3);
  expect(none).toBe(0);
  expect(repeatWarnings(config, [data])).toEqual([
    expect.stringMatching(/reads data\.sources\.1 5\.\d times/),
  ]);
});

it("counts the mixture of each stage by its tokens", async () => {
  const directory = directoryWith({ "a.txt": "a".repeat(100_000), "b.txt": "b".repeat(100_000) });
  const sources = [{ path: "a.txt" }, { path: "b.txt" }];
  const config = configFor(directory, {
    sources,
    cache_dir: "cache",
    validation: { fraction: 0 },
  });
  const data = await prepareData(config, { native: loadNative() });
  const [stage] = config.stages;
  const staged = (mixing: "stages" | "linear") => ({
    ...config,
    data: { ...config.data, mixing },
    stages: [
      { ...stage!, tokens: 3e6, weights: [1, 0] },
      { ...stage!, tokens: 1e6, weights: [0, 1] },
    ],
  });
  const shares = (mixing: "stages" | "linear") =>
    sourceUse(staged(mixing), [data, data]).map(({ share }) => share);
  expect(shares("stages")[0]).toBeCloseTo(0.75, 2);
  expect(shares("linear")[0]).toBeCloseTo(0.875, 2);
});
