import type { Config } from "../config/types.ts";
import { tryLoadNative } from "../native/load.ts";

/** How many GPUs a run with this `device` may take: none where it wants the CPU, or there is no addon to ask. */
export function gpusFor(device: Config["device"]): number {
  return gpuIndices(device).length;
}

/** Their places among the GPUs that CUDA sees, some of which may be of no use. */
export function gpuIndices(device: Config["device"]): number[] {
  if (device === "cpu") return [];
  const devices = tryLoadNative().binding?.devices().devices ?? [];
  return devices.filter(({ kind }) => kind === "cuda").map(({ index }) => index);
}
