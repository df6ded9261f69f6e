import { expect, test } from "vitest";
import type { Config } from "../../../../lib/config/types.ts";
import type { StagePlan } from "../../../../lib/growth/stage-plan.ts";
import type { BatchFeed } from "../../../../lib/train/batch-feed.ts";
import { progressOf } from "../../../../lib/train/progress.ts";
import type { StageEngine } from "../../../../lib/train/session.ts";
import { goBack } from "../../../../lib/train/stability/rollback.ts";
import { resolveConfig } from "../../../../lib/config/resolve.ts";
import { planStages } from "../../../../lib/growth/stage-plan.ts";
import { manifest } from "../../checkpoint/manifests.ts";

const HISTORY = {
  losses: [2, 2.1, 1.9],
  grad_norms: [1, 1, 1],
  rejected_in_a_row: 0,
  rollbacks: [],
};
const REJECTION = { step: 14, reason: "non_finite", loss: null, grad_norm: null, limit: null };

/** Two stages, the second with more layers or a larger vocabulary. */
function stagesOf(second: { vocab_size?: number; num_layers?: number }): [Config, StagePlan[]] {
  const shape = { num_layers: 1, hidden_size: 32, num_attention_heads: 2, tokens: 25_600 };
  const config = resolveConfig({
    name: "back",
    model: { seq_length: 32 },
    tokenizer: { type: "bpe", vocab_size: 2000 },
    data: { sources: [{ path: "text.txt" }] },
    stages: [
      { ...shape, vocab_size: 300 },
      { ...shape, vocab_size: 300, ...second },
    ],
  });
  return [config, planStages(config, 2000)];
}

async function backAtTheBoundary(second: Parameters<typeof stagesOf>[0]) {
  const [config, stages] = stagesOf(second);
  const saved = manifest({ stage: 0, stage_step: stages[0]!.steps, stability: HISTORY });
  return goBack(
    {
      ...{ config, stages, at: { ...progressOf(saved), stage: 1, stage_step: 4 } },
      engine: { load: async () => {} } as unknown as StageEngine,
      batches: { next: () => {}, state: () => null } as unknown as BatchFeed,
    },
    { directory: "checkpoint", manifest: saved },
    REJECTION as Parameters<typeof goBack>[2],
  );
}

test("over a growth the losses before it still count", async () => {
  const at = await backAtTheBoundary({ num_layers: 2 });
  expect(at).toMatchObject({ stage: 1, stage_step: 0, stability: { losses: HISTORY.losses } });
  expect(at.stability.rollbacks).toHaveLength(1);
});

test("over a growth of the vocabulary they do not: they are of other tokens", async () => {
  const at = await backAtTheBoundary({ vocab_size: 2000 });
  expect(at.stability).toMatchObject({ losses: [], grad_norms: [], rejected_in_a_row: 0 });
  expect(at.stability.rollbacks).toHaveLength(1);
});
