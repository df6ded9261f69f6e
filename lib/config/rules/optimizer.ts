import { stepsOf } from "../steps.ts";
import type { Rule } from "./rule.ts";

/** Rates and the steps they take to get there. */
export const optimizerRules: Rule = ({ optimizer, schedule, stages }, report) => {
  if (schedule.horizon === "tokens" && schedule.horizon_tokens === null)
    report(
      ["schedule", "horizon_tokens"],
      "is null, but schedule.horizon is tokens",
      "give the number of tokens that the decay ends with, such as 300B",
    );
  if (schedule.horizon !== "tokens" && schedule.horizon_tokens !== null)
    report(
      ["schedule", "horizon_tokens"],
      `${schedule.horizon_tokens} is without meaning while schedule.horizon is ${schedule.horizon}`,
      "set horizon: tokens, or leave it out",
    );
  for (const [i, stage] of stages.entries()) {
    const steps = stepsOf(stage);
    if (stage.lr < optimizer.min_lr)
      report(
        ["stages", i, "lr"],
        `${stage.lr} is below optimizer.min_lr ${optimizer.min_lr}`,
        "lower min_lr or raise the rate",
      );
    if (stage.warmup_steps > 0 && stage.warmup_steps >= steps)
      report(
        ["stages", i, "warmup_steps"],
        `${stage.warmup_steps} leaves nothing of the stage's ${steps} steps (${stage.tokens} tokens / (${stage.global_batch_size} · ${stage.seq_length}), rounded up)`,
        `use at most ${steps - 1}, or give the stage more tokens`,
      );
  }
};
