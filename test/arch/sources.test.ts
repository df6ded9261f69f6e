import { describe, expect, it } from "vitest";
import { findDifferences, listOf, readSources, sourcesOnDisk } from "../../scripts/sources.mjs";

describe("native/sources.json", () => {
  it("lists every source file on disk and no other (remedy: node scripts/sources.mjs --write)", () => {
    expect(findDifferences(readSources(), sourcesOnDisk())).toEqual([]);
  });

  it.each([
    ["native/core/error.cpp", "core_sources"],
    ["native/cuda/adamw.cu", "cuda_sources"],
    ["native/cuda/no_cuda.cpp", "cuda_stub_sources"],
    ["native/comm/host/ring.cpp", "comm_sources"],
    ["native/comm/nccl/library.cpp", "comm_sources"],
    ["test/native/oracle/adamw.cpp", "test_sources"],
    ["test/native/cuda/adamw_test.cpp", "cuda_test_sources"],
    ["test/native/ops/cuda_under_test.cpp", "cuda_test_sources"],
    ["test/native/emulation/src/fiber.cpp", null],
    ["test/native/comm/fake_nccl/exports.cpp", null],
    ["bench/native/main.cpp", "bench_sources"],
    ["native/core/error.h", null],
  ])("puts %s into %s", (path, list) => {
    expect(listOf(path)).toBe(list);
  });

  it("notices a file on one side only", () => {
    const differences = findDifferences(
      { core_sources: ["native/core/gone.cpp"] },
      { core_sources: ["native/core/new.cpp"] },
    );
    expect(differences).toEqual([
      "native/core/new.cpp is missing from core_sources",
      "native/core/gone.cpp is in core_sources but not on disk",
    ]);
  });
});
