import { describe, expect, it } from "vitest";
import { checkLayers, readSourceFiles } from "../../scripts/check-layers.mjs";

describe("the one-way rule", () => {
  it("holds in native/ and lib/", () => {
    expect(checkLayers(readSourceFiles())).toEqual([]);
  });

  it.each([
    ["native/model/block.cpp", '#include "cuda/device/warp.cuh"'],
    ["native/model/block.cpp", '#include "data/gather.h"'],
    ["native/cpu/gemm.cpp", '#include "cuda/gemm.h"'],
    ["native/core/tensor.h", '#include "cpu/cpu_ops.h"'],
    ["native/engine/engine.cpp", '#include "cpu/backend.h"'],
    ["native/strange/file.cpp", ""],
    ["lib/growth/plan.ts", 'import { loadNative } from "../native/load.ts";'],
    ["lib/growth/plan.ts", 'import type { Mesh } from "../parallel/mesh.ts";'],
    ["lib/errors.ts", 'export * from "./config/types.ts";'],
    ["lib/train/trainer.ts", 'const cli = await import("../cli/main.ts");'],
    ["lib/cli/main.ts", 'import { train } from "../index.ts";'],
    ["lib/strange/file.ts", ""],
  ])("finds a violation planted in %s: %s", (path, text) => {
    expect(checkLayers([{ path, text }])).toHaveLength(1);
  });

  it.each([
    [
      "native/model/block.cpp",
      '#include "core/op_table.h"\n#include "model/ffn.h"\n#include <cuda.h>',
    ],
    ["native/bindings/engine_wrap.cpp", '#include "cuda/cuda_backend.h"'],
    ["lib/growth/plan.ts", 'import { FlmError } from "../errors.ts";\nimport { z } from "zod";'],
    ["lib/index.ts", 'export { train } from "./train/trainer.ts";'],
  ])("lets %s pass: %s", (path, text) => {
    expect(checkLayers([{ path, text }])).toEqual([]);
  });
});
