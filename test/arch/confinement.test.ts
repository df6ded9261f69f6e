import { describe, expect, it } from "vitest";
import { checkConfinement } from "../../scripts/check-confinement.mjs";
import { readSourceFiles } from "../../scripts/check-layers.mjs";

describe("what may appear in one place only", () => {
  it("appears nowhere else", () => {
    expect(checkConfinement(readSourceFiles())).toEqual([]);
  });

  it.each([
    ["native/engine/engine.cpp", "#include <napi.h>"],
    ["native/cuda/rms_norm.cu", "__shared__ float tile[32];"],
    ["native/cuda/rms_norm.cu", "rms_norm<float><<<blocks, threads>>>(x);"],
    ["native/cuda/matmul.cu", 'asm volatile("wgmma.fence.sync.aligned;");'],
    ["native/comm/host.cpp", 'std::cerr << "peer lost";'],
    ["native/comm/host.cpp", 'printf("peer lost");'],
    ["native/core/error.cpp", "exit(1);"],
    ["lib/eval/score.ts", 'const addon = require("../build/Release/flm.node");'],
    ["lib/train/trainer.ts", "process.exit(1);"],
    ["lib/train/trainer.ts", 'console.log("step");'],
  ])("finds it planted in %s: %s", (path, text) => {
    expect(checkConfinement([{ path, text }])).toHaveLength(1);
  });

  it.each([
    ["native/bindings/addon.cpp", "#include <napi.h>"],
    ["native/cuda/device/tensor_core.cuh", 'asm volatile("mma.sync");\n__shared__ float tile[32];'],
    ["native/cuda/rms_norm.cu", "// no __shared__ here\nFLM_LAUNCH((kernel<T>), grid, block);"],
    ["native/comm/host.cpp", "communicator->abort();\nsnprintf(text, sizeof text, format);"],
    ["lib/cli/main.ts", "process.exit(0);"],
  ])("lets %s pass: %s", (path, text) => {
    expect(checkConfinement([{ path, text }])).toEqual([]);
  });
});
