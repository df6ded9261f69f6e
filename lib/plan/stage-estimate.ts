import type { StagePlan } from "../growth/stage-plan.ts";
import { type Mesh, meshOf } from "../parallel/mesh.ts";
import { numMicroBatchesOf } from "../parallel/micro-batches.ts";
import { narayananFlops } from "../scaling/flops.ts";
import type { HardwareProfile } from "../scaling/hardware.ts";
import { deviceCount, type Layout, ourSoftware, shapeSizes } from "../scaling/layout.ts";
import { totalBytes } from "../scaling/memory.ts";
import { reliability } from "../scaling/reliability.ts";
import { type StepTime, stepTime, totalSeconds } from "../scaling/step-time.ts";
import { type MemorySite, stageMemory } from "./stage-memory.ts";
import type { StageEstimate } from "./types.ts";

/** What all stages of a plan share. */
export interface Site {
  /** Of each rank: a GPU, or its share of this machine. */
  hardware: HardwareProfile;
  /** The GPU, or this machine. */
  whole: HardwareProfile;
  precision: "bf16" | "f32";
  /** Of AdamW's moments. */
  state_precision: "bf16" | "f32";
  efficiency: number;
  availability: number;
  /** Ranks of the run: all are there from its beginning to its end. */
  world: number;
}

const SECONDS_PER_DAY = 86_400;

/** @throws FlmError CONFIG_INVALID for a layout that does not divide the stage evenly */
export function layoutOf(stage: StagePlan, world: number): Layout {
  const { parallel, micro_batch_size, global_batch_size } = stage.config;
  const mesh: Mesh = meshOf(parallel, stage.shape, world);
  numMicroBatchesOf(mesh, stage.config);
  const { data_parallel_size } = mesh;
  return { ...parallel, data_parallel_size, micro_batch_size, global_batch_size };
}

/** Seconds of a step at `efficiency` 1, by part. */
export function modelledStep(stage: StagePlan, layout: Layout, site: Site): StepTime {
  const sizes = shapeSizes(stage.shape);
  return stepTime(
    stage.shape,
    sizes,
    layout,
    site.hardware,
    ourSoftware(site.precision, site.state_precision),
  );
}

/** Memory, time and throughput of one growth stage. */
export function estimateStage(stage: StagePlan, site: Site): StageEstimate {
  const { shape, steps, parameters } = stage;
  const { hardware, precision } = site;
  const layout = layoutOf(stage, site.world);
  const devices = deviceCount(layout);
  const step_breakdown = slowedDown(modelledStep(stage, layout, site), site.efficiency);
  const step_seconds = totalSeconds(step_breakdown);
  const seconds = (steps * step_seconds) / site.availability;
  const memory = stageMemory(stage, memorySiteOf(site));
  const stepTokens = layout.global_batch_size * shape.seq_length;
  const flopsPerStep = stepTokens * narayananFlops(shape);
  const rate = (stepTokens * stage.flops_per_token) / step_seconds;
  return {
    name: stage.config.name,
    parameters,
    flops: steps * flopsPerStep,
    flops_rule: "narayanan-72",
    model_flops: steps * stepTokens * stage.flops_per_token,
    tflops_per_gpu: flopsPerStep / step_seconds / devices / 1e12,
    step_seconds,
    days: seconds / SECONDS_PER_DAY,
    memory_bytes_per_device: totalBytes(memory),
    steps,
    tokens: steps * stepTokens,
    devices,
    layout,
    tokens_per_second: stepTokens / step_seconds,
    mfu: rate / (devices * hardware.peak_flops[precision]),
    gpu_hours: (seconds / 3600) * site.world,
    step_breakdown,
    memory,
    reliability: reliability({
      parameters,
      moment_bytes: site.state_precision === "bf16" ? 2 : 4,
      devices,
      devices_per_node: hardware.devices_per_node,
      seconds,
    }),
  };
}

export function memorySiteOf({ hardware, precision, state_precision, world }: Site): MemorySite {
  return { device: hardware.kind, precision, state_precision, world };
}

function slowedDown(time: StepTime, efficiency: number): StepTime {
  return Object.fromEntries(
    Object.entries(time).map(([part, seconds]: [string, number]) => [part, seconds / efficiency]),
  ) as unknown as StepTime;
}
