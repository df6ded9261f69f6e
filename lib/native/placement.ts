import { availableParallelism } from "node:os";
import type { Config } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import type { Launcher } from "../parallel/launch/claim.ts";
import type { DeviceInfo, NativeBinding } from "./types.ts";
import type { EnginePlacement } from "../growth/stage-plan.ts";

export interface Placement {
  engine: EnginePlacement;
  device: DeviceInfo;
  /** Why there is no GPU, when the CPU was taken for want of one. */
  reason: string | null;
}

/**
 * Where the run computes, and in which precision. `auto` takes a GPU; a run that this machine has to itself falls back to
 * the CPU. Under a launcher one machine without its GPU would hold up all others. bf16 is taken where the device multiplies
 * it natively.
 *
 * @throws FlmError ENVIRONMENT when a GPU is asked for, or expected by a launcher's job, and there is none.
 */
export function choosePlacement(
  config: Pick<Config, "device" | "precision">,
  native: NativeBinding,
  ranks: LocalRanks = ALONE,
): Placement {
  const { local_rank, local_world_size } = ranks;
  const { devices, no_cuda_reason } = native.devices();
  const gpus = devices.filter((device) => device.kind === "cuda");
  // Ranks beyond the GPUs share them in turn.
  const cuda = gpus[local_rank % gpus.length];
  if (config.device === "cuda" && !cuda)
    throw new FlmError(
      "ENVIRONMENT",
      `device is cuda, but there is no usable GPU: ${no_cuda_reason}`,
      {
        hint: "flm-train doctor says what is missing; device: cpu trains without a GPU",
      },
    );
  if (config.device === "auto" && !cuda && !isOnThisMachine(ranks))
    throw new FlmError(
      "ENVIRONMENT",
      `device is auto, but a rank of a launched job has no usable GPU: ${no_cuda_reason}`,
      {
        hint: "set device: cpu to do without GPUs, for a finished run in its config.yaml; flm-train doctor says what is missing",
      },
    );
  const device =
    (config.device === "cpu" ? undefined : cuda) ?? devices.find(({ kind }) => kind === "cpu")!;
  const precision =
    config.precision === "auto" ? (device.native_bf16 ? "bf16" : "f32") : config.precision;
  return {
    engine: {
      device: device.kind,
      device_index: device.index,
      num_threads: threadCount() ?? shareOfThreads(local_world_size),
      precision,
    },
    device,
    reason: config.device === "auto" && !cuda ? no_cuda_reason : null,
  };
}

/** The ranks of one machine, as far as placing them goes. */
export interface LocalRanks {
  local_rank: number;
  /** Null where the launcher does not say. */
  local_world_size: number | null;
  /** Left out: none. */
  launcher?: Launcher;
  world_size?: number;
}

/** A process of its own, or ranks that one command has started here: those have torchrun's variables. */
function isOnThisMachine({ launcher = "none", world_size, local_world_size }: LocalRanks): boolean {
  return launcher === "none" || (launcher === "torchrun" && local_world_size === world_size);
}

const ALONE: LocalRanks = { local_rank: 0, local_world_size: 1 };

/** All threads of the machine (0), shared by the ranks that run on it. */
function shareOfThreads(ranks: number | null): number {
  if (ranks === null || ranks === 1) return 0;
  return Math.max(1, Math.floor(availableParallelism() / ranks));
}

/** More than any machine has: what is above is a slip, at which the system would take minutes to refuse. */
const MOST_THREADS = 65_536;

/** FLM_THREADS. */
function threadCount(): number | null {
  const text = process.env.FLM_THREADS;
  if (text === undefined) return null;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > MOST_THREADS)
    throw new FlmError(
      "USAGE",
      `FLM_THREADS is "${text}"; it must be a whole number of threads from 1 to ${MOST_THREADS}`,
    );
  return count;
}
