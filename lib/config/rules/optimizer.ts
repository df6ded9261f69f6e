import { counted } from "../../format.ts";
import { stepsOf } from "../steps.ts";
import type { Rule } from "./rule.ts";

/** Of a bf16: a number that changes by no more than this share of itself may not change at all. */
const BF16_HALF_STEP = 2 ** -8;

/** Rates and the steps they take to get there, and moments that can hold what they are to average. */
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
  for (const beta of ["adam_beta1", "adam_beta2"] as const)
    if (optimizer.state_precision === "bf16" && 1 - optimizer[beta] <= BF16_HALF_STEP)
      report(
        ["optimizer", "state_precision"],
        `bf16 is too coarse for ${beta} ${optimizer[beta]}: the decay of the moment is rounded away`,
        `use f32, or an ${beta} of at most 0.99`,
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
        `${stage.warmup_steps} leaves nothing of the stage's ${counted(steps, "step")} (${stage.tokens} tokens / (${stage.global_batch_size} · ${stage.seq_length}), rounded up)`,
        `use at most ${steps - 1}, or give the stage more tokens`,
      );
  }
};
