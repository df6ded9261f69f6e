import { afterEach, describe, expect, test, vi } from "vitest";
import type { Config } from "../../../lib/config/types.ts";
import { choosePlacement, type LocalRanks } from "../../../lib/native/placement.ts";
import type { DeviceInfo, NativeBinding } from "../../../lib/native/types.ts";
import { failure } from "../failure.ts";

const device = (kind: DeviceInfo["kind"], index: number): DeviceInfo => ({
  kind,
  index,
  name: kind,
  native_bf16: kind === "cuda",
  total_bytes: 1,
});

/** A machine with so many GPUs. */
function machine(gpus: number): NativeBinding {
  const devices = [device("cpu", 0), ...Array.from({ length: gpus }, (_, i) => device("cuda", i))];
  const no_cuda_reason = gpus === 0 ? "no NVIDIA driver was found" : null;
  return { devices: () => ({ devices, no_cuda_reason }) } as unknown as NativeBinding;
}

const auto: Pick<Config, "device" | "precision"> = { device: "auto", precision: "auto" };
const here: LocalRanks = {
  local_rank: 1,
  local_world_size: 4,
  launcher: "torchrun",
  world_size: 4,
};
const launched: LocalRanks = { ...here, launcher: "slurm" };

describe("choosePlacement", () => {
  test("auto takes a GPU, and bf16 on it; ranks beyond the GPUs share them", () => {
    const { engine, reason } = choosePlacement(auto, machine(2), { ...here, local_rank: 3 });
    expect(engine).toMatchObject({ device: "cuda", device_index: 1, precision: "bf16" });
    expect(reason).toBeNull();
  });

  test("auto falls back to the CPU on a machine of its own, and says why", () => {
    for (const ranks of [undefined, here])
      expect(choosePlacement(auto, machine(0), ranks)).toMatchObject({
        engine: { device: "cpu", precision: "f32" },
        reason: "no NVIDIA driver was found",
      });
  });

  test.each<[string, LocalRanks]>([
    ["under a launcher", launched],
    ["with ranks on other machines", { ...here, world_size: 8 }],
    ["where ranks may be on other machines", { ...here, local_world_size: null }],
  ])("auto does not fall back %s", (_, ranks) => {
    const { code, message, hint } = failure(() => choosePlacement(auto, machine(0), ranks));
    expect(code).toBe("ENVIRONMENT");
    expect(message).toMatch(/device is auto.*no NVIDIA driver was found/);
    expect(hint).toContain("device: cpu");
    const cpu = { ...auto, device: "cpu" as const };
    expect(choosePlacement(cpu, machine(0), ranks).engine.device).toBe("cpu");
  });

  test("cuda without a GPU is refused everywhere", () => {
    const cuda = { ...auto, device: "cuda" as const };
    expect(failure(() => choosePlacement(cuda, machine(0))).message).toContain("device is cuda");
  });
});

describe("FLM_THREADS", () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each(["0", "1.5", "many", "", "1e9"])("%j is refused", (text) => {
    vi.stubEnv("FLM_THREADS", text);
    const { code, message } = failure(() => choosePlacement(auto, machine(0)));
    expect(code).toBe("USAGE");
    expect(message).toMatch(/FLM_THREADS is ".*"; it must be a whole number .* from 1 to 65536/);
  });
});
