import { availableParallelism } from "node:os";
import type { Config } from "../../config/types.ts";
import { gpuIndices } from "../gpus.ts";

/** One run a GPU, of those that this process sees; or the cores shared out. */
export function placementOf(
  { device }: Config,
  wanted: number | undefined,
): { jobs: number; environment: (slot: number) => Record<string, string> } {
  const gpus = gpuIndices(device);
  const cores = availableParallelism();
  const jobs = wanted ?? (gpus.length || cores);
  const threads = String(Math.max(1, Math.floor(cores / jobs)));
  const environment = (slot: number): Record<string, string> =>
    gpus.length > 0
      ? { CUDA_VISIBLE_DEVICES: gpuName(gpus[slot % gpus.length]!) }
      : { FLM_THREADS: threads };
  return { jobs, environment };
}

/** As CUDA_VISIBLE_DEVICES calls the GPU at this place among the visible ones. */
export function gpuName(place: number, visible = process.env.CUDA_VISIBLE_DEVICES): string {
  return visible?.split(",")[place]?.trim() ?? String(place);
}
