import type { GrowthMasks } from "../native/plans.ts";
import type { Ramp } from "../native/types.ts";
import { type AxisMap, NEW } from "./axis-map.ts";
import type { GrowthPlan } from "./plan.ts";

/** Outside a ramp: plain kernels. */
export const NO_RAMP: Ramp = { hidden: 1, ffn: 1, heads: 1, layers: 1 };

export const NO_MASKS: GrowthMasks = {
  hidden: new Uint8Array(),
  ffn: new Uint8Array(),
  heads: new Uint8Array(),
  kv_heads: new Uint8Array(),
  layers: new Uint8Array(),
};

/**
 * m of the step with index `stageStep` after the event: step j runs with m = j / N, from the N-th on the plain
 * kernels run (spec: MSG, FLM section 2.7; linear, one tick an optimizer step).
 */
export function rampAt(plan: Pick<GrowthPlan, "ramp_steps">, stageStep: number): Ramp {
  if (stageStep >= plan.ramp_steps) return NO_RAMP;
  const m = stageStep / plan.ramp_steps;
  return { hidden: m, ffn: m, heads: m, layers: m };
}

/**
 * What the engine masks during the ramp. With `width: zero` the new columns are silent by their values, and with
 * `depth: zero` the new layers are, so that those axes have no mask.
 */
export function growthMasks(plan: GrowthPlan): GrowthMasks {
  if (plan.ramp_steps === 0) return NO_MASKS;
  const width = (map: AxisMap) =>
    plan.width === "mask" && map.includes(NEW) ? isNew(map) : new Uint8Array();
  const masksHeads =
    plan.width === "mask" && (plan.heads.includes(NEW) || plan.kv_heads.includes(NEW));
  const masksLayers = plan.depth !== "zero" && plan.layers.added.includes(true);
  return {
    hidden: width(plan.hidden),
    ffn: width(plan.ffn),
    heads: masksHeads ? isNew(plan.heads) : new Uint8Array(),
    kv_heads: masksHeads ? isNew(plan.kv_heads) : new Uint8Array(),
    layers: masksLayers ? Uint8Array.from(plan.layers.added, Number) : new Uint8Array(),
  };
}

function isNew(map: AxisMap): Uint8Array {
  return Uint8Array.from(map, (old) => (old === NEW ? 1 : 0));
}
