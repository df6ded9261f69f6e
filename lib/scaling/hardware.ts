import { FlmError } from "../errors.ts";
import { nearest } from "../config/nearest.ts";

/** What the cost model has to know about one device and the machine around it. SI units. */
export interface HardwareProfile {
  readonly name: string;
  readonly kind: "gpu" | "cpu";
  /** Where the figures are from. */
  readonly source: string;
  /** Dense peaks in FLOP/s, without sparsity. f32 is the vector units' rate: TF32 is not used. */
  readonly peak_flops: { readonly bf16: number; readonly f32: number };
  /** Usable by one device, in bytes. */
  readonly memory_bytes: number;
  /** Device memory, in bytes/s. */
  readonly memory_bandwidth: number;
  /** Between devices of one node, in bytes/s, one device, one direction. */
  readonly link_bandwidth: number;
  /** Between nodes, in bytes/s, one device's share, one direction. */
  readonly network_bandwidth: number;
  readonly devices_per_node: number;
  /** Board power limit of a device; of a CPU, an assumption. */
  readonly watts: number;
}

type Gpu = HardwareProfile & {
  /** Matches the name by which the driver calls the device. */
  readonly driver_name: RegExp;
};

const GiB = 2 ** 30;

/** One 200 Gb/s port a GPU, as in DGX A100 (NVIDIA DGX A100 data sheet). */
const HDR = 25e9;
/** One 400 Gb/s port a GPU, as in DGX H100, H200 and B200 (their data sheets). */
const NDR = 50e9;

const A100: Gpu = {
  name: "a100-80gb",
  driver_name: /A100/,
  kind: "gpu",
  source: "NVIDIA A100 80GB SXM data sheet; network of DGX A100",
  peak_flops: { bf16: 312e12, f32: 19.5e12 },
  memory_bytes: 80 * GiB,
  memory_bandwidth: 2.0e12, // the data sheet's 2,039 GB/s, rounded as when the model was fitted
  link_bandwidth: 300e9,
  network_bandwidth: HDR,
  devices_per_node: 8,
  watts: 400,
};

const H100: Gpu = {
  name: "h100-80gb",
  driver_name: /H100(?! PCIe)|H800|GH200/,
  kind: "gpu",
  source: "NVIDIA H100 SXM data sheet; network of DGX H100",
  peak_flops: { bf16: 989e12, f32: 67e12 },
  memory_bytes: 80 * GiB,
  memory_bandwidth: 3.35e12,
  link_bandwidth: 450e9,
  network_bandwidth: NDR,
  devices_per_node: 8,
  watts: 700,
};

const GPUS: readonly Gpu[] = [
  A100,
  {
    ...A100,
    name: "a800-80gb",
    driver_name: /A800/,
    source: "an A100 80GB SXM whose NVLink has 400 instead of 600 GB/s (both directions together)",
    link_bandwidth: 200e9,
  },
  H100,
  {
    ...H100,
    name: "h100-pcie-80gb",
    driver_name: /H100 PCIe/,
    source: "NVIDIA H100 PCIe data sheet; without NVLink bridges: PCIe 5.0 x16",
    peak_flops: { bf16: 756e12, f32: 51e12 },
    memory_bandwidth: 2.0e12,
    link_bandwidth: 64e9,
    watts: 350,
  },
  {
    ...H100,
    name: "h200-141gb",
    driver_name: /\bH200/,
    source: "NVIDIA H200 SXM data sheet: an H100 with 141 GB at 4.8 TB/s",
    memory_bytes: 141e9,
    memory_bandwidth: 4.8e12,
  },
  {
    ...H100,
    name: "b200-180gb",
    driver_name: /B200/,
    source: "NVIDIA HGX B200 data sheet, 1,000 W; network of DGX B200",
    peak_flops: { bf16: 2250e12, f32: 80e12 },
    memory_bytes: 180e9,
    memory_bandwidth: 8.0e12,
    link_bandwidth: 900e9,
    watts: 1000,
  },
];

export const PROFILE_NAMES: readonly string[] = [...GPUS.map(({ name }) => name), "cpu"];

/**
 * The profile that a config names; `a100` is short for `a100-80gb`.
 *
 * @throws FlmError CONFIG_INVALID for a name that is not in the list. `auto` and `cpu` depend on the machine and are
 *   the caller's.
 */
export function gpuProfile(name: string): HardwareProfile {
  const wanted = name.toLowerCase();
  const found =
    GPUS.find((gpu) => gpu.name === wanted) ??
    GPUS.find((gpu) => gpu.name.startsWith(`${wanted}-`));
  if (found) return found;
  const close = nearest(wanted, PROFILE_NAMES);
  throw new FlmError(
    "CONFIG_INVALID",
    `hardware.profile ${name} is not known; there are auto, ${PROFILE_NAMES.join(", ")}`,
    { hint: close ? `did you mean ${close}?` : "name one of them" },
  );
}

/** The profile of a GPU that is there, by the name its driver gives it; undefined for one that is not in the list. */
export function profileOfDevice(deviceName: string): HardwareProfile | undefined {
  return GPUS.find(({ driver_name }) => driver_name.test(deviceName));
}

/** What each of `ranks` on this machine has of it: a GPU of its own, or its share of the cores and the memory. */
export function shareOf(hardware: HardwareProfile, ranks: number): HardwareProfile {
  if (hardware.kind === "gpu" || ranks === 1) return hardware;
  return {
    ...hardware,
    source: `${hardware.source}; ${ranks} ranks share this machine`,
    peak_flops: { bf16: hardware.peak_flops.bf16 / ranks, f32: hardware.peak_flops.f32 / ranks },
    memory_bytes: hardware.memory_bytes / ranks,
    memory_bandwidth: hardware.memory_bandwidth / ranks,
    link_bandwidth: hardware.link_bandwidth / ranks,
    devices_per_node: ranks,
    watts: hardware.watts / ranks,
  };
}

/** What a system says of its processor. */
export interface CpuFacts {
  cores: number;
  /** 0 where it is hidden, as in most virtual machines. */
  clock_hz: number;
  /** Names as in /proc/cpuinfo. */
  flags: ReadonlySet<string>;
  memory_bytes: number;
}

const ASSUMED_CPU = {
  clock_hz: 3e9,
  bandwidth_per_core: 10e9,
  network_bandwidth: 1.25e9, // 10 Gb/s
  watts_per_core: 10,
} as const;

/**
 * A CPU's profile: the peak from cores, clock and vectors (two fused multiply-adds a cycle), the rest assumed. The
 * efficiencies of the cost model were fitted on GPUs, so that only a calibrated plan means much here.
 */
export function cpuProfile({ cores, clock_hz, flags, memory_bytes }: CpuFacts): HardwareProfile {
  const clock = clock_hz || ASSUMED_CPU.clock_hz;
  const lanes = flags.has("avx512f") ? 16 : flags.has("avx2") ? 8 : 2;
  const f32 = cores * clock * lanes * 4;
  const hasBf16 = flags.has("avx512_bf16");
  const vectors = hasBf16
    ? "AVX-512 BF16"
    : lanes === 16
      ? "AVX-512"
      : lanes === 8
        ? "AVX2"
        : "SSE";
  return {
    name: "cpu",
    kind: "cpu",
    source: `${cores} cores at ${(clock / 1e9).toFixed(1)} GHz${clock_hz ? "" : " (assumed)"} with ${vectors}; bandwidth and power are assumed`,
    peak_flops: { bf16: hasBf16 ? 2 * f32 : f32, f32 },
    memory_bytes,
    memory_bandwidth: cores * ASSUMED_CPU.bandwidth_per_core,
    link_bandwidth: cores * ASSUMED_CPU.bandwidth_per_core,
    network_bandwidth: ASSUMED_CPU.network_bandwidth,
    devices_per_node: 1,
    watts: cores * ASSUMED_CPU.watts_per_core,
  };
}
