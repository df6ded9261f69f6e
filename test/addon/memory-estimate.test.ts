import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../lib/config/resolve.ts";
import { engineSpecOf, planStages } from "../../lib/growth/stage-plan.ts";
import { createEngine } from "../../lib/native/engine.ts";
import { engineMemory } from "../../lib/scaling/engine-memory.ts";
import { shapeSizes } from "../../lib/scaling/layout.ts";
import { totalBytes } from "../../lib/scaling/memory.ts";

const THREADS = 2;

/** family, layers, hidden size, heads, sequence, micro-batch, recomputation. */
const CASES = [
  ["llama", 2, 128, 2, 128, 8, "none"],
  ["llama", 4, 256, 4, 256, 4, "full"],
  ["llama", 3, 192, 3, 128, 8, "selective"],
  ["gpt2", 3, 192, 3, 128, 16, "none"],
  ["gpt2", 2, 96, 3, 64, 4, "selective"],
  ["flm", 6, 320, 5, 256, 2, "none"],
  ["flm", 4, 256, 4, 128, 4, "full"],
  ["llama", 2, 512, 8, 512, 2, "none"],
  ["llama", 8, 64, 2, 512, 16, "full"],
  ["flm", 5, 160, 5, 512, 4, "selective"],
] as const;

describe("engineMemory is what the engine allocates, to 2 %", () => {
  it.each(
    CASES.flatMap((shape) => (["f32", "bf16"] as const).map((precision) => [...shape, precision])),
  )(
    "%s, %d layers of %d, %d heads, %d × %d tokens, recompute %s, %s",
    async (family, num_layers, hidden_size, heads, seq_length, micro, recompute, precision) => {
      const config = resolveConfig({
        name: "memory",
        model: { family, seq_length, vocab_size: 4096 },
        data: { sources: [{ path: "text.txt" }] },
        stages: [
          {
            num_layers,
            hidden_size,
            num_attention_heads: heads,
            tokens: 1e6,
            micro_batch_size: micro,
            global_batch_size: micro,
            parallel: { recompute },
          },
        ],
      });
      const plan = planStages(config, 257)[0]!;
      const placement = {
        device: "cpu",
        device_index: 0,
        num_threads: THREADS,
        precision,
      } as const;
      const engine = await createEngine(engineSpecOf(config, plan, placement));
      const allocated = engine.memory_bytes;
      await engine.close();
      const estimate = totalBytes(
        engineMemory(plan.shape, shapeSizes(plan.shape), {
          precision,
          device: "cpu",
          micro_batch_size: micro,
          recompute,
          mixes_layers: false,
          threads: THREADS,
        }),
      );
      expect(Math.abs(estimate / allocated - 1)).toBeLessThan(0.02);
    },
  );
});
