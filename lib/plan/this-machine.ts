import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import type { Config } from "../config/types.ts";
import { tryLoadNative } from "../native/load.ts";
import { gpuProfile, type HardwareProfile, profileOfDevice } from "../scaling/hardware.ts";

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
  if (hardware.profile === "cpu") return cpuProfile();
  if (hardware.profile !== "auto") return gpuProfile(hardware.profile);
  return (device === "cpu" ? undefined : installedGpu()) ?? cpuProfile();
}

function installedGpu(): HardwareProfile | undefined {
  const devices = tryLoadNative().binding?.devices().devices ?? [];
  const gpu = devices.find(({ kind }) => kind === "cuda");
  return gpu && profileOfDevice(gpu.name);
}

const ASSUMED_GHZ = 3;
const ASSUMED_BANDWIDTH_PER_CORE = 10e9;
const ASSUMED_WATTS_PER_CORE = 10;

/**
 * This machine's CPU, its peak from cores, clock and instruction set. The efficiencies of the cost model were fitted on
 * GPUs, so that only a calibrated plan means much on it.
 */
export function cpuProfile(): HardwareProfile {
  const cores = availableParallelism();
  // Virtual machines often hide the clock.
  const clock = (cpus()[0]?.speed || ASSUMED_GHZ * 1000) * 1e6;
  const flags = cpuFlags();
  const f32 = cores * clock * f32PerCycle(flags);
  return {
    name: "cpu",
    kind: "cpu",
    source: `${cores} cores at ${(clock / 1e9).toFixed(1)} GHz with ${instructionSet(flags)}; bandwidth and power are assumed`,
    peak_flops: { bf16: flags.has("avx512_bf16") ? 2 * f32 : f32, f32 },
    memory_bytes: totalmem(),
    memory_bandwidth: cores * ASSUMED_BANDWIDTH_PER_CORE,
    link_bandwidth: cores * ASSUMED_BANDWIDTH_PER_CORE,
    network_bandwidth: 1.25e9, // 10 Gb/s
    devices_per_node: 1,
    watts: cores * ASSUMED_WATTS_PER_CORE,
  };
}

/** Two fused multiply-adds a cycle on vectors of 16 or 8. */
function f32PerCycle(flags: ReadonlySet<string>): number {
  if (flags.has("avx512f")) return 64;
  return flags.has("avx2") ? 32 : 8;
}

function instructionSet(flags: ReadonlySet<string>): string {
  const known = { avx512_bf16: "AVX-512 BF16", avx512f: "AVX-512", avx2: "AVX2" };
  for (const [flag, name] of Object.entries(known)) if (flags.has(flag)) return name;
  return "no wide vectors";
}

function cpuFlags(): ReadonlySet<string> {
  try {
    const line = /^flags\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"));
    return new Set(line?.[1]?.split(" "));
  } catch {
    return new Set(); // not Linux
  }
}
