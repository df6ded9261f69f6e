import type { Config } from "../config/types.ts";
import { planStages } from "../growth/stage-plan.ts";
import { calibrate, type Calibration, median } from "../scaling/calibrate.ts";
import { totalSeconds } from "../scaling/step-time.ts";
import { siteOf } from "./plan.ts";
import { layoutOf, modelledStep } from "./stage-estimate.ts";
import { vocabularySize } from "./vocabulary.ts";

/** Columns of a run's metrics.jsonl. */
export interface MeasuredSteps {
  stage: readonly number[];
  /** m of the growth ramp; masked kernels are slower than those that most steps run. */
  ramp: readonly number[];
  step_ms: readonly number[];
}

/** Steps of a stage that are left out: caches and clocks are still cold. */
const WARM_UP = 3;

/**
 * Fits `hardware.efficiency` to the median step of each stage of a run.
 *
 * @param config of the run that was measured
 * @throws FlmError INVALID_ARGUMENT where no stage of `config` took more than the first few steps
 */
export function calibrateFrom(config: Config, steps: MeasuredSteps): Calibration {
  const site = siteOf(config);
  const stages = planStages(config, vocabularySize(config)).flatMap((plan) => {
    const times = steps.step_ms.filter(
      (_, i) => steps.stage[i] === plan.index && isPlain(steps, i),
    );
    if (times.length <= WARM_UP) return [];
    const modelled = totalSeconds(modelledStep(plan, layoutOf(plan, site.world), site));
    return [
      {
        name: plan.config.name,
        measured_seconds: median(times.slice(WARM_UP)) / 1000,
        modelled_seconds: modelled,
      },
    ];
  });
  return calibrate(stages);
}

function isPlain({ ramp, step_ms }: MeasuredSteps, i: number): boolean {
  return ramp[i] === 1 && Number.isFinite(step_ms[i]) && step_ms[i]! > 0;
}
