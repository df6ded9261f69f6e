import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import type { Config } from "../config/types.ts";
import { tryLoadNative } from "../native/load.ts";
import {
  cpuProfile,
  gpuProfile,
  type HardwareProfile,
  profileOfDevice,
} from "../scaling/hardware.ts";

/**
 * The hardware that a config plans for. `auto` is this machine's first GPU where the addon finds one that is known, else
 * its CPU; a missing addon is no error.
 *
 * @throws FlmError CONFIG_INVALID for an unknown profile
 */
export function hardwareOf({
  hardware,
  device,
}: Pick<Config, "hardware" | "device">): HardwareProfile {
  if (hardware.profile === "cpu") return thisCpu();
  if (hardware.profile !== "auto") return gpuProfile(hardware.profile);
  return (device === "cpu" ? undefined : installedGpu()) ?? thisCpu();
}

function installedGpu(): HardwareProfile | undefined {
  const devices = tryLoadNative().binding?.devices().devices ?? [];
  const gpu = devices.find(({ kind }) => kind === "cuda");
  const profile = gpu && profileOfDevice(gpu.name);
  // The same GPU is sold with several memories.
  return profile && { ...profile, memory_bytes: gpu.total_bytes };
}

function thisCpu(): HardwareProfile {
  return cpuProfile({
    cores: availableParallelism(),
    clock_hz: (cpus()[0]?.speed ?? 0) * 1e6,
    flags: cpuFlags(),
    memory_bytes: totalmem(),
  });
}

function cpuFlags(): ReadonlySet<string> {
  try {
    const line = /^flags\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"));
    return new Set(line?.[1]?.split(" "));
  } catch {
    return new Set(); // not Linux
  }
}
