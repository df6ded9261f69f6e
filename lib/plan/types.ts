import type { GrowingSizes } from "../config/shape.ts";
import type { Calibration } from "../scaling/calibrate.ts";
import type { Cost } from "../scaling/cost.ts";
import type { Layout } from "../scaling/layout.ts";
import type { Memory } from "../scaling/memory.ts";
import type { Reliability } from "../scaling/reliability.ts";
import type { StepTime } from "../scaling/step-time.ts";

/** What `flm-train plan --json` prints, beside its status. Estimates, but for what follows from shapes alone. */
export interface Plan {
  stages: StageEstimate[];
  total: Cost & {
    flops: number;
    model_flops: number;
    days: number;
    steps: number;
    tokens: number;
  };
  hardware: {
    profile: string;
    source: string;
    precision: "bf16" | "f32";
    /** Divides step times and multiplies TFLOP/s. */
    efficiency: number;
    /** Divides the days. */
    availability: number;
    price_per_gpu_hour: number | null;
  };
  growth: GrowthEstimate[];
  /** Null where there is one stage, which is its own comparison. */
  from_scratch: FromScratch | null;
  /** The fastest layouts of each stage; null when they were not asked for. */
  search: StageLayouts[] | null;
  /** Null when no run was given. */
  calibration: Calibration | null;
  warnings: string[];
}

export interface StageEstimate {
  name: string;
  parameters: number;
  /** Of the stage's training by the paper's rule. */
  flops: number;
  flops_rule: "narayanan-72";
  /** By the count from real shapes that `mfu` and the metrics of a run use. */
  model_flops: number;
  /** By the paper's rule, as published figures are. */
  tflops_per_gpu: number;
  step_seconds: number;
  /** Wall time, `availability` included. */
  days: number;
  memory_bytes_per_device: number;

  steps: number;
  tokens: number;
  devices: number;
  layout: Layout;
  tokens_per_second: number;
  /** `model_flops` over the devices' peak. */
  mfu: number;
  /** Of all the run's devices: those that a stage does not use wait for the others. */
  gpu_hours: number;
  /** Seconds; they add up to `step_seconds`. */
  step_breakdown: StepTime;
  /** What this package's engine allocates on the fullest device. */
  memory: Memory;
  reliability: Reliability;
}

/** The model grows between two stages. */
export interface GrowthEstimate {
  /** Name of the stage that begins with it. */
  stage: string;
  step: number;
  tokens: number;
  from: GrowingSizes;
  to: GrowingSizes;
  parameters_before: number;
  parameters_after: number;
  ramp_steps: number;
  preserving: boolean;
}

/** The last stage's model trained alone, at the same speed, on as many tokens as all stages together. */
export interface FromScratch extends Cost {
  /** What is compared, in words. */
  meaning: string;
  flops: number;
  days: number;
  /** Its days over the plan's. */
  speed_up: number;
  days_saved: number;
}

export interface StageLayouts {
  stage: string;
  devices: number;
  /** Fastest first, one for each (tensor, pipeline, data); seconds with `efficiency`. */
  layouts: { layout: Layout; step_seconds: number; memory_bytes_per_device: number }[];
  /** Why there is none: too little memory, or sizes that so many devices do not divide. */
  none_for: "memory" | "sizes" | null;
}
