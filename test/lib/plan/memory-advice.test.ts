import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import type { UserConfig } from "../../../lib/config/types.ts";
import { planStages, type StagePlan } from "../../../lib/growth/stage-plan.ts";
import { memoryAdvice, memoryRemedies, type Remedy } from "../../../lib/plan/memory-advice.ts";
import { type MemorySite, stageMemory } from "../../../lib/plan/stage-memory.ts";
import { totalBytes } from "../../../lib/scaling/memory.ts";

type Stage = UserConfig["stages"][number];

const GPU: MemorySite = { device: "gpu", precision: "bf16", state_precision: "f32", world: 1 };

/** About 1.3 billion parameters, so 21 GB of state; activations of 8 × 2048 tokens on top. */
function planOf(stage: Partial<Stage> = {}): StagePlan {
  const config = resolveConfig({
    name: "memory",
    model: { family: "llama", seq_length: 2048, vocab_size: 32_000 },
    data: { sources: [{ path: "text.txt" }] },
    stages: [
      {
        name: "large",
        num_layers: 24,
        hidden_size: 2048,
        num_attention_heads: 16,
        tokens: "1B",
        micro_batch_size: 8,
        global_batch_size: 64,
        ...stage,
      },
    ],
  });
  return planStages(config, 257)[0]!;
}

const bytesOf = (plan: StagePlan, site = GPU) => totalBytes(stageMemory(plan, site));

/** The same stage, planned with a remedy as its config. */
function remedied(plan: StagePlan, { change, devices }: Remedy): number {
  const parallel = { ...plan.config.parallel, ...change.parallel };
  const stage = { ...plan, config: { ...plan.config, ...change, parallel } };
  return bytesOf(stage, { ...GPU, world: devices });
}

describe("memoryRemedies", () => {
  test("a little too much: half the micro-batch, recomputation, or two devices", () => {
    const plan = planOf({ parallel: { recompute: "none" } });
    const limit = bytesOf(plan) - 1;
    const found = memoryRemedies(plan, GPU, limit);
    expect(found.map(({ change, devices }) => [change, devices])).toEqual([
      [{ micro_batch_size: 4 }, 1],
      [{ parallel: { recompute: "full" } }, 1],
      [{ parallel: { tensor_parallel_size: 2 } }, 2],
      [{ parallel: { data_parallel_size: 2 } }, 2],
    ]);
  });

  test("every remedy fits, and needs what it says", () => {
    const plan = planOf();
    for (const share of [0.9, 0.6, 0.4, 0.3, 0.1]) {
      const limit = share * bytesOf(plan);
      for (const remedy of memoryRemedies(plan, GPU, limit)) {
        expect(remedy.bytes).toBeLessThanOrEqual(limit);
        expect(remedied(plan, remedy)).toBe(remedy.bytes);
      }
    }
  });

  test("the largest micro-batch that fits, not the smallest", () => {
    const plan = planOf();
    const limit = bytesOf(planOf({ micro_batch_size: 2 })) / 0.9 + 1;
    expect(memoryRemedies(plan, GPU, limit)[0]!.change).toEqual({ micro_batch_size: 2 });
  });

  test("where one row does not fit, it is recomputed too", () => {
    const plan = planOf({ micro_batch_size: 2, num_layers: 48 });
    const least = { ...plan.config.parallel, recompute: "full" } as const;
    const single = { ...plan, config: { ...plan.config, micro_batch_size: 1, parallel: least } };
    const limit = bytesOf(single) / 0.9 + 1;
    const [first] = memoryRemedies(plan, GPU, limit);
    expect(first!.change).toEqual({ micro_batch_size: 1, parallel: { recompute: "full" } });
  });

  test("sizes that do not divide the stage are not proposed", () => {
    const plan = planOf({ num_attention_heads: 15, hidden_size: 1920, micro_batch_size: 1 });
    const limit = bytesOf(plan) / 2;
    const sizes = memoryRemedies(plan, GPU, limit).map(
      ({ change }) => change.parallel?.tensor_parallel_size ?? 1,
    );
    expect(sizes.every((size) => size === 1)).toBe(true);
  });

  test("what is far too large gets the fewest devices on which it fits", () => {
    const plan = planOf({ num_layers: 80, hidden_size: 8192, num_attention_heads: 64 });
    const [found, ...others] = memoryRemedies(plan, GPU, 85e9);
    expect(others).toEqual([]);
    const { change, devices, bytes } = found!;
    expect(change).toEqual({
      micro_batch_size: 1,
      parallel: { recompute: "full", tensor_parallel_size: 8, pipeline_parallel_size: 2 },
    });
    expect(devices).toBe(16);
    expect(devices * bytes).toBeGreaterThan(16 * plan.parameters);
  });

  test("ranks on CPUs do not help each other", () => {
    const plan = planOf();
    const site = { ...GPU, device: "cpu" } as const;
    const found = memoryRemedies(plan, site, 0.8 * bytesOf(plan, site));
    expect(found.length).toBeGreaterThan(0);
    for (const { devices } of found) expect(devices).toBe(1);
  });
});

describe("memoryAdvice", () => {
  test("names the cheapest change and what it needs, and two others", () => {
    const plan = planOf();
    expect(memoryAdvice(plan, GPU, 0.8 * bytesOf(plan))).toMatch(
      /^micro_batch_size: 2 needs [\d.]+ GB \(or recompute: full [\d.]+ GB, or tensor_parallel_size: 2 on 2 devices [\d.]+ GB\)$/,
    );
  });

  test("says so where nothing fits", () => {
    expect(memoryAdvice(planOf(), GPU, 1e6)).toMatch(/nothing .* is enough.*use a smaller model/);
    const cpu = { ...GPU, device: "cpu" } as const;
    expect(memoryAdvice(planOf(), cpu, 1e6)).toMatch(/no smaller .* is enough.*more machines/);
  });
});
