import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../lib/config/resolve.ts";
import type { ParallelConfig, UserConfig } from "../../lib/config/types.ts";
import { engineSpecOf, planStages, type StagePlan } from "../../lib/growth/stage-plan.ts";
import { createEngine } from "../../lib/native/engine.ts";
import { engineMemory } from "../../lib/scaling/engine-memory.ts";
import { totalBytes } from "../../lib/scaling/memory.ts";
import { wholeModel } from "../../lib/scaling/rank-part.ts";

const THREADS = 2;

interface Case {
  family: NonNullable<NonNullable<UserConfig["model"]>["family"]>;
  layers: number;
  hidden: number;
  heads: number;
  seq: number;
  micro: number;
  recompute: ParallelConfig["recompute"];
}

const CASES: readonly Case[] = [
  { family: "llama", layers: 2, hidden: 128, heads: 2, seq: 128, micro: 8, recompute: "none" },
  { family: "llama", layers: 4, hidden: 256, heads: 4, seq: 256, micro: 4, recompute: "full" },
  { family: "llama", layers: 3, hidden: 192, heads: 3, seq: 128, micro: 8, recompute: "selective" },
  { family: "gpt2", layers: 3, hidden: 192, heads: 3, seq: 128, micro: 16, recompute: "none" },
  { family: "gpt2", layers: 2, hidden: 96, heads: 3, seq: 64, micro: 4, recompute: "selective" },
  { family: "flm", layers: 6, hidden: 320, heads: 5, seq: 256, micro: 2, recompute: "none" },
  { family: "flm", layers: 4, hidden: 256, heads: 4, seq: 128, micro: 4, recompute: "full" },
  { family: "llama", layers: 2, hidden: 512, heads: 8, seq: 512, micro: 2, recompute: "none" },
  { family: "llama", layers: 8, hidden: 64, heads: 2, seq: 512, micro: 16, recompute: "full" },
  { family: "flm", layers: 5, hidden: 160, heads: 5, seq: 512, micro: 4, recompute: "selective" },
];

function stageOf(shape: Case): { config: ReturnType<typeof resolveConfig>; plan: StagePlan } {
  const user: UserConfig = {
    name: "memory",
    model: { family: shape.family, seq_length: shape.seq, vocab_size: 4096 },
    data: { sources: [{ path: "text.txt" }] },
    stages: [
      {
        num_layers: shape.layers,
        hidden_size: shape.hidden,
        num_attention_heads: shape.heads,
        tokens: 1e6,
        micro_batch_size: shape.micro,
        global_batch_size: shape.micro,
        parallel: { recompute: shape.recompute },
      },
    ],
  };
  const config = resolveConfig(user);
  return { config, plan: planStages(config, 257)[0]! };
}

describe("engineMemory is what the engine allocates, to 2 %", () => {
  it.each(CASES)(
    "$family, $layers layers of $hidden, $micro × $seq tokens, recompute $recompute",
    async (shape) => {
      const { config, plan } = stageOf(shape);
      const cases = [
        { precision: "f32", num_micro_batches: 1 },
        { precision: "bf16", num_micro_batches: 1 },
        { precision: "bf16", num_micro_batches: 2 },
      ] as const;
      for (const { precision, num_micro_batches } of cases) {
        config.optimizer.state_precision = precision;
        const placement = { device: "cpu", device_index: 0, num_threads: THREADS } as const;
        const spec = engineSpecOf(config, plan, { ...placement, precision }, { num_micro_batches });
        const engine = await createEngine(spec);
        const allocated = engine.memory_bytes;
        await engine.close();
        const estimate = engineMemory(wholeModel(plan.shape), {
          precision,
          state_precision: precision,
          device: "cpu",
          micro_batch_size: shape.micro,
          one_micro_batch: num_micro_batches === 1,
          recompute: shape.recompute,
          mixes_layers: false,
          threads: THREADS,
        });
        expect(Math.abs(totalBytes(estimate) / allocated - 1), precision).toBeLessThan(0.02);
      }
    },
  );
});
