import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { FlmError } from "../../../lib/errors.ts";
import { planStages } from "../../../lib/growth/stage-plan.ts";
import type { DeviceInfo } from "../../../lib/native/types.ts";
import { stageMemory } from "../../../lib/plan/stage-memory.ts";
import { totalBytes } from "../../../lib/scaling/memory.ts";
import {
  memoryWarnings,
  refuseOversized,
  type StageSite,
  withMemoryAdvice,
} from "../../../lib/train/stage-fit.ts";
import { failure } from "../failure.ts";

const config = resolveConfig({
  name: "memory",
  model: { family: "llama", seq_length: 2048, vocab_size: 32_000 },
  data: { sources: [{ path: "text.txt" }] },
  stages: [12, 24].map((num_layers, i) => ({
    name: ["small", "large"][i]!,
    num_layers,
    hidden_size: 2048,
    num_attention_heads: 16,
    tokens: "1B",
    micro_batch_size: 8,
    global_batch_size: 64,
  })),
});
const stages = planStages(config, 257);
const [small, large] = [stages[0]!, stages[1]!];

const device = (kind: DeviceInfo["kind"], total_bytes: number): DeviceInfo => ({
  kind,
  index: 0,
  name: "a device",
  native_bf16: true,
  total_bytes,
});
const site = (kind: DeviceInfo["kind"], total_bytes: number): StageSite => ({
  config,
  placement: { precision: "bf16" },
  device: device(kind, total_bytes),
  world_size: 1,
});

describe("refuseOversized", () => {
  test("names what is needed, what is there, and what would fit", () => {
    const error = failure(() => refuseOversized(large, site("cuda", 40e9)));
    expect(error.code).toBe("OUT_OF_MEMORY");
    expect(error.message).toMatch(
      /^stage large needs [\d.]+ GB of 40\.0 GB on each device; micro_batch_size: 4 needs [\d.]+ GB \(or recompute: full/,
    );
    expect(error.hint).toContain("plan CONFIG --set stages.1.micro_batch_size=4");
  });

  test("hints at the change that it names first, where there is one", () => {
    const single = { ...large, config: { ...large.config, micro_batch_size: 1 } };
    const errorOf = (there: number) => failure(() => refuseOversized(single, site("cuda", there)));
    const split = errorOf(20e9);
    expect(split.message).toContain("on each device; tensor_parallel_size: 2 on 2 devices needs");
    expect(split.hint).toMatch(/plan CONFIG --set stages\.1\.parallel\.tensor_parallel_size=2$/);
    expect(errorOf(1e6).hint).toMatch(/plan CONFIG$/);
  });

  test("lets pass what fits, and every CPU", () => {
    refuseOversized(large, site("cuda", 200e9));
    refuseOversized(large, site("cpu", 1e9));
  });
});

describe("memoryWarnings", () => {
  test("of a GPU's later stages, which may run elsewhere", () => {
    expect(memoryWarnings(stages, site("cuda", 40e9), 1)).toEqual([
      expect.stringContaining("stage large needs"),
    ]);
    expect(memoryWarnings(stages, site("cuda", 200e9), 1)).toEqual([]);
  });

  test("of all stages on a CPU, whose ranks share its memory", () => {
    expect(memoryWarnings([small], site("cpu", 10e9), 1)).toHaveLength(1);
    expect(memoryWarnings([small], site("cpu", 200e9), 1)).toEqual([]);
    const two = {
      ...small,
      config: {
        ...small.config,
        parallel: { ...small.config.parallel, data_parallel_size: 2 },
      },
    };
    const one = totalBytes(
      stageMemory(two, { device: "cpu", precision: "bf16", state_precision: "f32", world: 2 }),
    );
    const pair = { ...site("cpu", 1.5 * one), world_size: 2 };
    expect(memoryWarnings([two], pair, 1)).toEqual([]);
    expect(memoryWarnings([two], pair, 2)).toHaveLength(1);
  });
});

describe("withMemoryAdvice", () => {
  test("adds what would fit into what is free to the allocation's own words", () => {
    const refused = new FlmError("OUT_OF_MEMORY", "cannot allocate 9000 bytes on GPU 0");
    const error = withMemoryAdvice(refused, large, site("cuda", 200e9), () => 40e9) as FlmError;
    expect(error.code).toBe("OUT_OF_MEMORY");
    expect(error.message).toMatch(
      /^stage large needs [\d.]+ GB of 40\.0 GB free \(cannot allocate 9000 bytes on GPU 0\) on each device; micro_batch_size: \d needs /,
    );
    expect(error.cause).toBe(refused);
  });

  test("has none for a device on which others have left nothing to ask with", () => {
    const full = new FlmError("OUT_OF_MEMORY", "cudaSetDevice: out of memory");
    const free = () => {
      throw new FlmError("OUT_OF_MEMORY", "asked in vain");
    };
    expect(withMemoryAdvice(full, large, site("cuda", 200e9), free)).toBe(full);
  });

  test("leaves other errors alone", () => {
    const fault = new FlmError("DEVICE_FAULT", "broken");
    expect(withMemoryAdvice(fault, large, site("cuda", 1), () => 1)).toBe(fault);
  });
});
