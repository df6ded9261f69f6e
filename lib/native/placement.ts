import type { Config } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import type { DeviceInfo, NativeBinding } from "./types.ts";
import type { EnginePlacement } from "../growth/stage-plan.ts";

export interface Placement {
  engine: EnginePlacement;
  device: DeviceInfo;
  /** Why there is no GPU, when the CPU was taken for want of one. */
  reason: string | null;
}

/**
 * Where the run computes, and in which precision. `auto` takes the first GPU and falls back to the CPU; bf16 is taken
 * where the device multiplies it natively.
 *
 * @throws FlmError ENVIRONMENT when a GPU is asked for and there is none.
 */
export function choosePlacement(
  config: Pick<Config, "device" | "precision">,
  native: NativeBinding,
): Placement {
  const { devices, no_cuda_reason } = native.devices();
  const cuda = devices.find((device) => device.kind === "cuda");
  if (config.device === "cuda" && !cuda)
    throw new FlmError(
      "ENVIRONMENT",
      `device is cuda, but there is no usable GPU: ${no_cuda_reason}`,
      {
        hint: "flm-train doctor says what is missing; device: cpu trains without a GPU",
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
      num_threads: threadCount(),
      precision,
    },
    device,
    reason: config.device === "auto" && !cuda ? no_cuda_reason : null,
  };
}

/** FLM_THREADS, or all that the machine offers (0). */
function threadCount(): number {
  const text = process.env.FLM_THREADS;
  if (text === undefined) return 0;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new FlmError(
      "USAGE",
      `FLM_THREADS is "${text}"; it must be a whole number of threads from 1 on`,
    );
  return count;
}
