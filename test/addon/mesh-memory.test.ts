import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../lib/config/resolve.ts";
import type { UserConfig } from "../../lib/config/types.ts";
import { engineSpecOf, planStages } from "../../lib/growth/stage-plan.ts";
import { createEngine } from "../../lib/native/engine.ts";
import { loadNative } from "../../lib/native/load.ts";
import type { NativeWorld } from "../../lib/native/types.ts";
import { ranksOf } from "../../lib/parallel/mesh.ts";
import { rankParts } from "../../lib/parallel/rank-parts.ts";
import { engineMemory } from "../../lib/scaling/engine-memory.ts";
import { totalBytes } from "../../lib/scaling/memory.ts";
import { rankStageOf } from "../../lib/train/rank-stage.ts";

type Parallel = NonNullable<UserConfig["stages"][number]["parallel"]>;

const CASES: readonly [family: "flm" | "llama" | "gpt2", Parallel][] = [
  ["llama", { tensor_parallel_size: 2 }],
  ["llama", { tensor_parallel_size: 4, recompute: "selective" }],
  ["flm", { tensor_parallel_size: 2, sequence_parallel: true }],
  ["gpt2", { pipeline_parallel_size: 2, recompute: "full" }],
  ["flm", { pipeline_parallel_size: 2, virtual_pipeline_size: 2 }],
  ["llama", { data_parallel_size: 2 }],
  ["flm", { tensor_parallel_size: 2, pipeline_parallel_size: 2, sequence_parallel: true }],
  ["gpt2", { pipeline_parallel_size: 2, data_parallel_size: 2 }],
];
const [MICRO, MICRO_BATCHES, VOCAB] = [4, 8, 2048];

/** Worlds of all ranks, in this one process. */
async function connected(count: number): Promise<NativeWorld[]> {
  const worlds = Array.from({ length: count }, () => loadNative().createWorld("127.0.0.1"));
  const peers = worlds.map(({ endpoint }) => endpoint);
  const common = {
    peers,
    job: "memory",
    secret: new Uint8Array(),
    timeout_seconds: 30,
    silence_seconds: 5,
  };
  await Promise.all(
    worlds.map((world, rank) =>
      world.connect({ ...common, rank, device: "cpu", device_index: 0, communicator: "host" }),
    ),
  );
  return worlds;
}

describe("on every rank of a mesh engineMemory is what the engine allocates, to 2 %", () => {
  it.each(CASES)("%s, %j", async (family, parallel) => {
    const replicas = parallel.data_parallel_size ?? 1;
    const config = resolveConfig({
      name: "memory",
      model: { family, seq_length: 128 },
      data: { sources: [{ path: "text.txt" }] },
      stages: [
        {
          num_layers: 8,
          hidden_size: 256,
          num_attention_heads: 4,
          num_kv_heads: 2,
          tokens: 1e6,
          micro_batch_size: MICRO,
          global_batch_size: MICRO * MICRO_BATCHES * replicas,
          parallel: { data_parallel_size: 1, ...parallel },
        },
      ],
    });
    const plan = planStages(config, VOCAB)[0]!;
    const { mesh } = rankStageOf(plan, 0, 8);
    const parts = rankParts(plan.shape, mesh, {
      sequence_parallel: plan.config.parallel.sequence_parallel,
      numMicroBatches: MICRO_BATCHES,
    });
    const worlds = await connected(ranksOf(mesh));
    const precision = "bf16";
    const allocated = await Promise.all(
      worlds.map(async (world, rank) => {
        const { spec, at } = rankStageOf(plan, rank, worlds.length);
        const placement = { device: "cpu", device_index: 0, num_threads: 1, precision } as const;
        const engine = await createEngine(
          engineSpecOf(config, plan, placement, { mesh: spec }),
          world,
        );
        const bytes = engine.memory_bytes;
        await engine.close();
        return { at, bytes };
      }),
    );
    for (const { at, bytes } of allocated) {
      const estimate = engineMemory(parts[at!.pipeline]!, {
        precision,
        state_precision: "f32",
        device: "cpu",
        micro_batch_size: MICRO,
        one_micro_batch: false,
        recompute: plan.config.parallel.recompute,
        mixes_layers: false,
        threads: 1,
      });
      expect(Math.abs(totalBytes(estimate) / bytes - 1), JSON.stringify(at)).toBeLessThan(0.02);
    }
  });
});
