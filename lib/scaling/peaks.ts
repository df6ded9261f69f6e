import type { DeviceInfo } from "../native/types.ts";

/**
 * Dense matrix-unit peaks in FLOP/s, without sparsity, from NVIDIA's data sheets. f32 is the vector units' rate,
 * because this package does not use TF32.
 */
const GPU_PEAKS: readonly { name: RegExp; bf16: number; f32: number }[] = [
  { name: /H100 PCIe/, bf16: 756e12, f32: 51e12 },
  { name: /H100|H200|H800/, bf16: 989e12, f32: 67e12 },
  { name: /A100|A800/, bf16: 312e12, f32: 19.5e12 },
];

/** Null where the peak is not known: CPUs, and GPUs that are not in the table. */
export function peakFlops(
  device: Pick<DeviceInfo, "kind" | "name">,
  precision: "f32" | "bf16",
): number | null {
  if (device.kind !== "cuda") return null;
  return GPU_PEAKS.find(({ name }) => name.test(device.name))?.[precision] ?? null;
}
