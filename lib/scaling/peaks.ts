import type { DeviceInfo } from "../native/types.ts";
import { profileOfDevice } from "./hardware.ts";

/** Dense peak in FLOP/s; null where it is not known: CPUs, and GPUs that have no hardware profile. */
export function peakFlops(
  device: Pick<DeviceInfo, "kind" | "name">,
  precision: "f32" | "bf16",
): number | null {
  if (device.kind !== "cuda") return null;
  return profileOfDevice(device.name)?.peak_flops[precision] ?? null;
}
