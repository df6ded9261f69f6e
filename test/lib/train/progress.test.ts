import { expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { planStages } from "../../../lib/growth/stage-plan.ts";
import { grownInto, progressOf } from "../../../lib/train/progress.ts";
import { userConfig } from "../config/fixtures.ts";

const HISTORY = { losses: [2, 2.1], grad_norms: [1, 1.1], rejected_in_a_row: 1, rollbacks: [] };

test.each([
  ["keeps what limits follow from", null, HISTORY],
  ["forgets losses of other tokens", 300, { ...HISTORY, losses: [], grad_norms: [] }],
])("the next stage %s", (_, vocab_size, stability) => {
  const tokenizer = { type: "bpe", vocab_size: 512 } as const;
  const config = resolveConfig(userConfig([{ vocab_size }, { num_layers: 6 }], { tokenizer }));
  const [before, after] = planStages(config, 512);
  const place = { ...progressOf(undefined), stage_step: 100, step: 100, stability: HISTORY };
  expect(grownInto(place, before!, after!)).toMatchObject({
    stage: 1,
    stage_step: 0,
    step: 100,
    growth: [{ stage: 1, step: 100, parameters_after: after!.parameters }],
    stability,
  });
});
