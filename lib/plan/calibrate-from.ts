import type { Config } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import { planStages, type StagePlan } from "../growth/stage-plan.ts";
import { meshOf, ranksOf } from "../parallel/mesh.ts";
import { calibrate, type Calibration, median } from "../scaling/calibrate.ts";
import { totalSeconds } from "../scaling/step-time.ts";
import { siteOf } from "./plan.ts";
import { layoutOf, modelledStep, type Site } from "./stage-estimate.ts";
import { vocabularySize } from "./vocabulary.ts";

/** Columns of a run's metrics.jsonl. */
export interface MeasuredSteps {
  stage: readonly number[];
  /** m of the growth ramp; masked kernels are slower than those that most steps run. */
  ramp: readonly number[];
  step_ms: readonly number[];
  /** Ranks of the run; left out, as many as the config asks for. */
  ranks?: number;
}

/** Steps of a stage that are left out: caches and clocks are still cold. */
const WARM_UP = 3;

/**
 * Fits `hardware.efficiency` to the median step of each stage of a run.
 *
 * @param config of the run that was measured
 * @throws FlmError INVALID_ARGUMENT where no stage of `config` took more than the first few steps, or where steps are
 *   faster than the GPUs' peak
 */
export function calibrateFrom(config: Config, steps: MeasuredSteps): Calibration {
  const site = siteOf(config, steps.ranks);
  const stages = planStages(config, vocabularySize(config)).flatMap((plan) => {
    const times = steps.step_ms.filter(
      (_, i) => steps.stage[i] === plan.index && isPlain(steps, i),
    );
    if (times.length <= WARM_UP) return [];
    const measured_seconds = median(times.slice(WARM_UP)) / 1000;
    refuseImpossible(plan, measured_seconds, site);
    const modelled_seconds = totalSeconds(modelledStep(plan, layoutOf(plan, site.world), site));
    return [{ name: plan.config.name, measured_seconds, modelled_seconds }];
  });
  return calibrate(stages);
}

function refuseImpossible(
  stage: StagePlan,
  seconds: number,
  { hardware, precision, world }: Site,
): void {
  const { parallel, global_batch_size, name } = stage.config;
  const devices = ranksOf(meshOf(parallel, stage.shape, world));
  const flops = (global_batch_size * stage.shape.seq_length * stage.flops_per_token) / seconds;
  const mfu = flops / (devices * hardware.peak_flops[precision]);
  // What is said of a CPU's peak is a guess.
  if (hardware.kind === "cpu" || mfu <= 1) return;
  throw new FlmError(
    "INVALID_ARGUMENT",
    `stage ${name} made steps of ${(1000 * seconds).toPrecision(3)} ms, which is ${mfu.toFixed(1)} times the peak of ${devices} × ${hardware.name}`,
    {
      hint: "name the hardware of that run in hardware.profile; events.jsonl beside its metrics says on how many ranks it was",
    },
  );
}

function isPlain({ ramp, step_ms }: MeasuredSteps, i: number): boolean {
  return ramp[i] === 1 && Number.isFinite(step_ms[i]) && step_ms[i]! > 0;
}
