import { stepsOf } from "../steps.ts";
import type { Rule } from "./rule.ts";

/** Rates and the steps they take to get there. */
export const optimizerRules: Rule = ({ optimizer, stages }, report) => {
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
