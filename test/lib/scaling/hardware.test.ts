import { describe, expect, test } from "vitest";
import {
  cpuProfile,
  gpuProfile,
  PROFILE_NAMES,
  profileOfDevice,
} from "../../../lib/scaling/hardware.ts";
import { configJsonSchema } from "../../../lib/config/schema/json-schema.ts";
import { peakFlops } from "../../../lib/scaling/peaks.ts";
import { failure } from "../failure.ts";

describe("gpuProfile", () => {
  test("finds every name in the list, and short ones", () => {
    for (const name of PROFILE_NAMES) if (name !== "cpu") expect(gpuProfile(name).name).toBe(name);
    expect(gpuProfile("H100").name).toBe("h100-80gb");
    expect(gpuProfile("a800").link_bandwidth).toBeLessThan(gpuProfile("a100").link_bandwidth);
  });

  test("finds what docs/config.md names, which is all", () => {
    const { description } = configJsonSchema().properties!.hardware!.properties!.profile!;
    for (const name of PROFILE_NAMES) expect(description).toContain(name);
  });

  test("answers a typing error with the nearest name", () => {
    expect(failure(() => gpuProfile("h20-141gb")).hint).toContain("h200-141gb");
  });
});

describe("devices that are there", () => {
  test.each([
    ["NVIDIA A100-SXM4-80GB", "a100-80gb"],
    ["NVIDIA A800-SXM4-80GB", "a800-80gb"],
    ["NVIDIA H100 80GB HBM3", "h100-80gb"],
    ["NVIDIA H100 PCIe", "h100-pcie-80gb"],
    ["NVIDIA H200", "h200-141gb"],
    ["NVIDIA GH200 480GB", "h100-80gb"],
    ["NVIDIA B200", "b200-180gb"],
  ])("%s is %s", (device, profile) => {
    expect(profileOfDevice(device)!.name).toBe(profile);
    expect(peakFlops({ kind: "cuda", name: device }, "bf16")).toBe(
      gpuProfile(profile).peak_flops.bf16,
    );
  });

  test("others have no known peak", () => {
    expect(profileOfDevice("NVIDIA GeForce RTX 3090")).toBeUndefined();
    expect(peakFlops({ kind: "cuda", name: "NVIDIA GeForce RTX 3090" }, "f32")).toBeNull();
    expect(peakFlops({ kind: "cpu", name: "AMD EPYC" }, "f32")).toBeNull();
  });
});

describe("cpuProfile", () => {
  const cpu = (clock_hz: number, ...flags: string[]) =>
    cpuProfile({ cores: 2, clock_hz, flags: new Set(flags), memory_bytes: 8e9 });

  test("two fused multiply-adds a cycle on every lane", () => {
    expect(cpu(2e9).peak_flops.f32).toBe(2 * 2e9 * 8);
    expect(cpu(2e9, "avx2").peak_flops.f32).toBe(2 * 2e9 * 32);
    expect(cpu(2e9, "avx2", "avx512f").peak_flops).toEqual({ bf16: 256e9, f32: 256e9 });
    expect(cpu(2e9, "avx512f", "avx512_bf16").peak_flops).toEqual({ bf16: 512e9, f32: 256e9 });
  });

  test("says where the clock was hidden", () => {
    expect(cpu(0).source).toContain("3.0 GHz (assumed)");
    expect(cpu(2.5e9).source).toContain("2.5 GHz with");
  });
});
