import { expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { planStages } from "../../../lib/growth/stage-plan.ts";
import { planRun } from "../../../lib/plan/plan.ts";
import { stepRow } from "../../../lib/train/step-row.ts";

test.each([1, 8])("with %i ranks a step's utilisation is the one that its plan counts", (ranks) => {
  const config = resolveConfig({
    name: "row",
    precision: "bf16",
    model: { seq_length: 2048, vocab_size: 32_000 },
    data: { sources: [{ path: "text.txt" }] },
    hardware: { profile: "h100" },
    stages: [
      {
        ...{ num_layers: 24, hidden_size: 2048, num_attention_heads: 16, tokens: "1B" },
        ...{ global_batch_size: 64, micro_batch_size: 4 },
        parallel: { data_parallel_size: ranks },
      },
    ],
  });
  const [stage] = planStages(config, 32_000);
  const { mfu, step_seconds, tokens_per_second } = planRun(config).stages[0]!;
  const progress = { stage: 0, stage_step: 1, step: 1, tokens: 131_072, flops: 1, loss: 2 };
  const row = stepRow(
    progress as Parameters<typeof stepRow>[0],
    stage!,
    {
      device: { kind: "cuda", name: "NVIDIA H100 80GB HBM3" },
      engine: { precision: "bf16" },
    } as Parameters<typeof stepRow>[2],
    { loss: 2, grad_norm: 1, skipped: false } as Parameters<typeof stepRow>[3],
    { lr: 1e-3, ramp: 1, step_ms: 1000 * step_seconds, memory_bytes: 1, ranks },
  );
  expect(row.mfu).toBeCloseTo(mfu, 9);
  expect(row.tokens_per_second).toBeCloseTo(tokens_per_second, 3);
});
