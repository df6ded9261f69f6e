import type { StagePlan } from "../growth/stage-plan.ts";
import { shareOf } from "../scaling/hardware.ts";
import { ourSoftware } from "../scaling/layout.ts";
import { bestByMesh, isDivisible, searchLayouts } from "../scaling/layout-search.ts";
import type { Site } from "./stage-estimate.ts";
import type { StageEstimate, StageLayouts } from "./types.ts";

const SHOWN = 5;

/** The fastest layouts that fit, for each stage on its own number of devices, or on `devices`. */
export function stageLayouts(
  plans: readonly StagePlan[],
  stages: readonly StageEstimate[],
  site: Site,
  devices: number | undefined,
): StageLayouts[] {
  return plans.map((plan, i) => {
    const space = {
      devices: devices ?? stages[i]!.devices,
      global_batch_size: plan.config.global_batch_size,
    };
    const hardware = shareOf(site.whole, space.devices);
    const noneFor = () => (isDivisible(plan.shape, hardware, space) ? "memory" : "sizes");
    const ranked = searchLayouts(
      plan.shape,
      hardware,
      ourSoftware(site.precision, site.state_precision),
      space,
    );
    return {
      stage: stages[i]!.name,
      devices: space.devices,
      layouts: bestByMesh(ranked)
        .slice(0, SHOWN)
        .map(({ layout, step_seconds, memory_bytes }) => ({
          layout,
          step_seconds: step_seconds / site.efficiency,
          memory_bytes_per_device: memory_bytes,
        })),
      none_for: ranked.length > 0 ? null : noneFor(),
    };
  });
}
