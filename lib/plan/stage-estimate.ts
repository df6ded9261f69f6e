import { availableParallelism } from "node:os";
import type { StagePlan } from "../growth/stage-plan.ts";
import { type Mesh, meshOf } from "../parallel/mesh.ts";
import { numMicroBatchesOf } from "../parallel/micro-batches.ts";
import { engineMemory } from "../scaling/engine-memory.ts";
import { narayananFlops } from "../scaling/flops.ts";
import type { HardwareProfile } from "../scaling/hardware.ts";
import {
  deviceCount,
  type Layout,
  ourSoftware,
  type ShapeSizes,
  shapeSizes,
} from "../scaling/layout.ts";
import { type Memory, publishedMemory, totalBytes } from "../scaling/memory.ts";
import { reliability } from "../scaling/reliability.ts";
import { type StepTime, stepTime, totalSeconds } from "../scaling/step-time.ts";
import type { StageEstimate } from "./types.ts";

/** What all stages of a plan share. */
export interface Site {
  hardware: HardwareProfile;
  precision: "bf16" | "f32";
  efficiency: number;
  availability: number;
  /** Ranks of the run. */
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
  return stepTime(stage.shape, sizes, layout, site.hardware, ourSoftware(site.precision));
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
  const { memory, memory_rule } = memoryOf(stage, shapeSizes(shape), layout, site);
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
    gpu_hours: (seconds / 3600) * devices,
    step_breakdown,
    memory,
    memory_rule,
    reliability: reliability({
      parameters,
      devices,
      devices_per_node: hardware.devices_per_node,
      seconds,
    }),
  };
}

/** On one device what the engine allocates is known; for several, the published formulas stand in. */
function memoryOf(
  stage: StagePlan,
  sizes: ShapeSizes,
  layout: Layout,
  { hardware, precision }: Site,
): { memory: Memory; memory_rule: StageEstimate["memory_rule"] } {
  if (deviceCount(layout) > 1) {
    const memory = publishedMemory(stage.shape, sizes, layout, ourSoftware(precision));
    return { memory, memory_rule: "published" };
  }
  const memory = engineMemory(stage.shape, sizes, {
    precision,
    device: hardware.kind,
    micro_batch_size: layout.micro_batch_size,
    recompute: layout.recompute,
    mixes_layers: stage.masks.layers.length > 0,
    threads: availableParallelism(),
  });
  return { memory, memory_rule: "engine" };
}

function slowedDown(time: StepTime, efficiency: number): StepTime {
  return Object.fromEntries(
    Object.entries(time).map(([part, seconds]: [string, number]) => [part, seconds / efficiency]),
  ) as unknown as StepTime;
}
