import type { ModelShape } from "../config/shape.ts";
import type { ParallelConfig } from "../config/types.ts";
import type { HardwareProfile } from "./hardware.ts";
import { type Layout, type ShapeSizes, shapeSizes, type Software } from "./layout.ts";
import { publishedMemory, totalBytes } from "./memory.ts";
import { stepTime, totalSeconds } from "./step-time.ts";
import { tensorMisfit } from "./tensor-split.ts";

/** A layout that fits, and what a step of it takes at `efficiency` 1. */
export interface RankedLayout {
  layout: Layout;
  step_seconds: number;
  memory_bytes: number;
}

export interface SearchSpace {
  devices: number;
  global_batch_size: number;
  /** What is allowed; all three by default. */
  recompute?: readonly ParallelConfig["recompute"][];
  /** Largest `virtual_pipeline_size` tried; 4 by default. */
  max_virtual?: number;
}

/** The rest of a device's memory is left to the driver, the allocator and communication buffers. */
export const USABLE_MEMORY = 0.9;

const MAX_MICRO_BATCH = 8;
const MAX_TENSOR = 8;

/**
 * Every layout of a stage that fits into memory, fastest first: tensor × pipeline × data parallelism × micro-batch ×
 * recomputation × interleaving, with sequence parallelism wherever tensors are split.
 */
export function searchLayouts(
  shape: ModelShape,
  hardware: HardwareProfile,
  software: Software,
  space: SearchSpace,
): RankedLayout[] {
  const sizes = shapeSizes(shape);
  const limit = hardware.memory_bytes * USABLE_MEMORY;
  const found: RankedLayout[] = [];
  for (const layout of candidates(shape, hardware, space)) {
    const memory_bytes = totalBytes(publishedMemory(shape, sizes, layout, software));
    if (memory_bytes > limit) continue;
    const step_seconds = secondsOf(shape, sizes, layout, hardware, software);
    found.push({ layout, step_seconds, memory_bytes });
  }
  return found.sort((a, b) => a.step_seconds - b.step_seconds);
}

/** Whether so many devices can share the stage out evenly at all, whatever memory that takes. */
export function isDivisible(
  shape: ModelShape,
  hardware: HardwareProfile,
  space: SearchSpace,
): boolean {
  return candidates(shape, hardware, space).next().done === false;
}

/** The fastest for each (tensor, pipeline, data) triple, in order. */
export function bestByMesh(ranked: readonly RankedLayout[]): RankedLayout[] {
  const best = new Map<string, RankedLayout>();
  for (const entry of ranked) {
    const { tensor_parallel_size: t, pipeline_parallel_size: p } = entry.layout;
    const key = `${t} ${p}`; // the number of devices decides the third
    if (!best.has(key)) best.set(key, entry);
  }
  return [...best.values()];
}

function secondsOf(
  shape: ModelShape,
  sizes: ShapeSizes,
  layout: Layout,
  hardware: HardwareProfile,
  software: Software,
): number {
  return totalSeconds(stepTime(shape, sizes, layout, hardware, software));
}

function* candidates(
  shape: ModelShape,
  hardware: HardwareProfile,
  space: SearchSpace,
): Generator<Layout> {
  const { devices, global_batch_size } = space;
  const recomputes = space.recompute ?? ["none", "selective", "full"];
  for (const t of divisors(devices, Math.min(MAX_TENSOR, hardware.devices_per_node))) {
    if (tensorMisfit(shape, t, t > 1) !== null) continue;
    for (const p of divisors(devices / t, shape.num_layers)) {
      if (shape.num_layers % p !== 0) continue;
      const d = devices / (t * p);
      if (global_batch_size % d !== 0) continue;
      for (const micro_batch_size of divisors(global_batch_size / d, MAX_MICRO_BATCH))
        for (const recompute of recomputes)
          for (const v of interleavings(shape.num_layers / p, p, space.max_virtual ?? 4)) {
            // An interleaved schedule runs in rounds of one micro-batch for each pipeline rank.
            if (v > 1 && (global_batch_size / (d * micro_batch_size)) % p !== 0) continue;
            yield {
              tensor_parallel_size: t,
              pipeline_parallel_size: p,
              data_parallel_size: d,
              virtual_pipeline_size: v,
              sequence_parallel: t > 1,
              recompute,
              micro_batch_size,
              global_batch_size,
            };
          }
    }
  }
}

function interleavings(layers: number, pipeline: number, most: number): number[] {
  return pipeline === 1 ? [1] : divisors(layers, most);
}

function divisors(value: number, most: number): number[] {
  const found: number[] = [];
  for (let i = 1; i <= Math.min(value, most); i++) if (value % i === 0) found.push(i);
  return found;
}
