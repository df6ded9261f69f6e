import type { Config } from "../config/types.ts";
import { roundingWarnings } from "../config/rounding.ts";
import { FlmError } from "../errors.ts";
import { count } from "../format.ts";
import { planStages, type StagePlan } from "../growth/stage-plan.ts";
import { worldSizeOf } from "../parallel/mesh.ts";
import type { Calibration } from "../scaling/calibrate.ts";
import { costOf } from "../scaling/cost.ts";
import { narayananFlops } from "../scaling/flops.ts";
import { shareOf } from "../scaling/hardware.ts";
import { growthEstimates } from "./growth-estimates.ts";
import { stageLayouts } from "./stage-layouts.ts";
import { gigabytes, memoryAdvice } from "./memory-advice.ts";
import { estimateStage, memorySiteOf, type Site } from "./stage-estimate.ts";
import { hardwareOf } from "./this-machine.ts";
import type { FromScratch, Plan, StageEstimate } from "./types.ts";
import { vocabularySize } from "./vocabulary.ts";

export interface PlanOptions {
  /** Also look for the fastest layouts of each stage. */
  search?: boolean;
  /** Devices to search layouts for; by default those that each stage uses. */
  devices?: number;
  /** `calibration` of what `flm-train plan --calibrate … --json` prints; its efficiency takes the place of the config's. */
  calibration?: Calibration;
}

/**
 * Where a run would happen: hardware, precision and the two factors of the config.
 *
 * @param world ranks of the run, where that is known
 */
export function siteOf(config: Config, world = worldSizeOf(config.stages)): Site {
  const whole = hardwareOf(config);
  const hardware = shareOf(whole, world);
  const narrow = hardware.kind === "gpu" || hardware.peak_flops.bf16 > hardware.peak_flops.f32;
  return {
    hardware,
    whole,
    precision: config.precision === "auto" ? (narrow ? "bf16" : "f32") : config.precision,
    state_precision: config.optimizer.state_precision,
    efficiency: config.hardware.efficiency,
    availability: config.hardware.availability,
    world,
  };
}

/**
 * What a run will need: memory, time, money, energy. Needs neither the devices nor the addon nor the data.
 *
 * @throws FlmError CONFIG_INVALID, GROWTH_INVALID, INVALID_ARGUMENT; DATA_NOT_FOUND for a vocabulary in a file that is not there
 */
export function planRun(config: Config, options: PlanOptions = {}): Plan {
  const { calibration = null, devices } = options;
  checkNumbers(calibration, devices);
  const configured = siteOf(config);
  const site = { ...configured, efficiency: calibration?.efficiency ?? configured.efficiency };
  const plans = planStages(config, vocabularySize(config));
  const stages = plans.map((plan) => estimateStage(plan, site));
  const { price_per_gpu_hour } = config.hardware;
  return {
    stages,
    total: {
      flops: sum(stages, "flops"),
      days: sum(stages, "days"),
      ...costOf(sum(stages, "gpu_hours"), site.hardware.watts, price_per_gpu_hour),
      model_flops: sum(stages, "model_flops"),
      steps: sum(stages, "steps"),
      tokens: sum(stages, "tokens"),
    },
    hardware: {
      profile: site.hardware.name,
      source: site.hardware.source,
      precision: site.precision,
      efficiency: site.efficiency,
      availability: site.availability,
      price_per_gpu_hour,
    },
    growth: growthEstimates(plans, stages),
    from_scratch:
      stages.length > 1 ? fromScratch(plans.at(-1)!, stages, site, price_per_gpu_hour) : null,
    search: options.search ? stageLayouts(plans, stages, site, devices) : null,
    calibration,
    warnings: [
      ...warningsOf(plans, stages, site, calibration),
      ...objectiveWarnings(config),
      ...roundingWarnings(config),
    ],
  };
}

function checkNumbers(calibration: Calibration | null, devices = 1): void {
  const efficiency = calibration?.efficiency ?? 1;
  if (!(Number.isFinite(efficiency) && efficiency > 0))
    throw new FlmError(
      "INVALID_ARGUMENT",
      `calibration.efficiency is ${efficiency}; it must be a number above 0`,
    );
  if (!(Number.isSafeInteger(devices) && devices >= 1))
    throw new FlmError(
      "INVALID_ARGUMENT",
      `devices is ${devices}; it must be a whole number from 1 on`,
    );
}

function sum(
  stages: readonly StageEstimate[],
  key: "flops" | "model_flops" | "days" | "gpu_hours" | "steps" | "tokens",
): number {
  return stages.reduce((total, stage) => total + stage[key], 0);
}

function fromScratch(
  plan: StagePlan,
  stages: readonly StageEstimate[],
  site: Site,
  price: number | null,
): FromScratch {
  const last = stages.at(-1)!;
  const tokens = sum(stages, "tokens");
  const longer = tokens / last.tokens;
  const days = last.days * longer;
  const gpu_hours = 24 * days * last.devices;
  const ours = sum(stages, "days");
  return {
    meaning: `${last.name} alone, from scratch, on the same ${count(tokens)} tokens: equal tokens, which need not mean equal loss`,
    flops: tokens * narayananFlops(plan.shape),
    days,
    speed_up: days / ours,
    days_saved: days - ours,
    ...costOf(gpu_hours, site.hardware.watts, price),
  };
}

/** What the cost model leaves out. */
function objectiveWarnings({ objective }: Config): string[] {
  if (objective.type !== "dpo") return [];
  return [
    "with objective dpo a step takes about a third longer than this, and what the reference says of every pair is computed first",
  ];
}

function warningsOf(
  plans: readonly StagePlan[],
  stages: readonly StageEstimate[],
  site: Site,
  calibration: Calibration | null,
): string[] {
  const { hardware, efficiency } = site;
  const isCpu = hardware.kind === "cpu";
  const warnings = stages.flatMap(({ name, memory_bytes_per_device: needed, devices }, i) => {
    // Ranks that a stage does not use leave their memory to the others.
    const there = shareOf(site.whole, devices).memory_bytes;
    if (needed <= there) return [];
    const advice = memoryAdvice(plans[i]!, memorySiteOf(site), there);
    const shared = isCpu && devices > 1 ? ` for each of ${devices} ranks` : "";
    return `stage ${name} needs ${gigabytes(needed)} a device, ${hardware.name} has ${gigabytes(there)}${shared}: ${advice}`;
  });
  if (isCpu && !calibration && efficiency === 1)
    warnings.push(
      "times on a CPU are a guess until they are calibrated with a run: --calibrate runs/NAME/metrics.jsonl",
    );
  return warnings;
}
