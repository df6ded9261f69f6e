import { growingSizes } from "../config/shape.ts";
import { hasRamp, type StagePlan } from "../growth/stage-plan.ts";
import type { GrowthEstimate, StageEstimate } from "./types.ts";

/** The events at which the model grows, in order. Stages of equal shape have none between them. */
export function growthEstimates(
  plans: readonly StagePlan[],
  stages: readonly StageEstimate[],
): GrowthEstimate[] {
  const events: GrowthEstimate[] = [];
  let step = 0;
  let tokens = 0;
  for (const [i, { growth, parameters }] of plans.entries()) {
    if (growth && parameters > plans[i - 1]!.parameters)
      events.push({
        stage: stages[i]!.name,
        step,
        tokens,
        from: growingSizes(growth.from),
        to: growingSizes(growth.to),
        parameters_before: plans[i - 1]!.parameters,
        parameters_after: parameters,
        ramp_steps: hasRamp(plans[i]!) ? growth.ramp_steps : 0,
        preserving: growth.preserving,
      });
    step += stages[i]!.steps;
    tokens += stages[i]!.tokens;
  }
  return events;
}
