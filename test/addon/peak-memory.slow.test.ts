import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { resolveConfig } from "../../lib/config/resolve.ts";
import type { ParallelConfig } from "../../lib/config/types.ts";
import { engineSpecOf, planStages } from "../../lib/growth/stage-plan.ts";
import { encodeEngineSpec, encodeLoadPlan } from "../../lib/native/encode.ts";
import { tryLoadNative } from "../../lib/native/load.ts";
import { engineMemory } from "../../lib/scaling/engine-memory.ts";
import { totalBytes } from "../../lib/scaling/memory.ts";
import { uniform } from "../../lib/scaling/random.ts";
import { wholeModel } from "../../lib/scaling/rank-part.ts";
import { freshWeights, stepInput, temporaryFolder, writePattern } from "./tiny-engine.ts";

const THREADS = 2;
const CHILD = fileURLToPath(new URL("children/peak-memory.mjs", import.meta.url));

interface Case {
  layers: number;
  heads: number;
  seq: number;
  micro: number;
  vocab: number;
  recompute: ParallelConfig["recompute"];
  precision: "f32" | "bf16";
}

/** Ten shapes of 100 to 700 MB, far above what the process itself wavers by. */
function randomCases(): Case[] {
  const random = uniform(11);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(values.length * random())]!;
  return Array.from({ length: 10 }, () => ({
    layers: pick([2, 3, 4, 6]),
    heads: pick([5, 6, 8]),
    seq: pick([128, 256, 512]),
    micro: pick([4, 6, 8]),
    vocab: pick([2048, 4096, 8192]),
    recompute: pick(["none", "selective", "full"] as const),
    precision: pick(["f32", "bf16"] as const),
  }));
}

const HEAD = 64;

/** Peak of a process with such an engine, and what `engineMemory` says of it. */
function measure(shape: Case): { peak: number; estimate: number } {
  const { layers, heads, seq, micro, vocab, recompute, precision } = shape;
  const stage = {
    num_layers: layers,
    hidden_size: heads * HEAD,
    num_attention_heads: heads,
    tokens: 1e6,
    micro_batch_size: micro,
    global_batch_size: micro,
    parallel: { recompute },
  };
  const model = { family: "llama", seq_length: seq, vocab_size: vocab } as const;
  const data = { sources: [{ path: "text.txt" }] };
  const config = resolveConfig({ name: "memory", model, data, stages: [stage] });
  const plan = planStages(config, 257)[0]!;
  const placement = { device: "cpu", device_index: 0, num_threads: THREADS, precision } as const;
  const spec = engineSpecOf(config, plan, placement, { num_micro_batches: 1 });
  const folder = temporaryFolder();
  try {
    writeFileSync(folder.file("spec"), encodeEngineSpec(spec));
    writeFileSync(folder.file("plan"), encodeLoadPlan(freshWeights(spec)));
    writePattern(folder.file("tokens"), spec);
    const { pieces, instructions, ...rest } = stepInput(spec);
    const step = { ...rest, pieces: [...pieces], instructions: [...instructions] };
    writeFileSync(folder.file("step.json"), JSON.stringify(step));
    const addon = tryLoadNative();
    if (addon.binding === null) throw new Error("these tests need the addon");
    const printed = execFileSync(process.execPath, [CHILD, addon.path, folder.path], {
      encoding: "utf8",
    });
    const estimate = engineMemory(wholeModel(plan.shape), {
      precision,
      state_precision: "f32",
      device: "cpu",
      micro_batch_size: micro,
      one_micro_batch: true,
      recompute,
      mixes_layers: false,
      threads: THREADS,
    });
    return { peak: Number(printed), estimate: totalBytes(estimate) };
  } finally {
    folder.remove();
  }
}

describe("the estimate is the peak of memory that a run adds to an empty engine's, to 5 %", () => {
  let empty = 0;
  beforeAll(() => {
    const tiny = { layers: 1, heads: 1, seq: 16, micro: 1, vocab: 300 } as const;
    const { peak, estimate } = measure({ ...tiny, recompute: "none", precision: "f32" });
    empty = peak - estimate;
  });

  it.each(randomCases())(
    "$layers layers, $heads heads, $micro × $seq tokens, vocabulary $vocab, $recompute, $precision",
    (shape) => {
      const { peak, estimate } = measure(shape);
      expect(Math.abs(estimate / (peak - empty) - 1)).toBeLessThan(0.05);
    },
  );
});
