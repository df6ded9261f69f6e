import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeGpu } from "./fake-gpu.ts";

let gpu: FakeGpu;

beforeEach(() => {
  gpu = new FakeGpu();
  gpu.tool("compute-sanitizer", "#!/bin/sh\nexit 0");
});
afterEach(() => gpu.remove());

/** @param tests shell code in the place of the test program */
function check(tests: string, ...options: string[]) {
  gpu.program("build/flm_native_test", `#!/bin/sh\n${tests}`);
  return gpu.run("gpu-check.sh", options);
}

const result = () => JSON.parse(readFileSync(join(gpu.folder, "result.json"), "utf8"));

describe("scripts/gpu-check.sh", () => {
  it("builds for the GPU that is there, runs all on it, and counts", () => {
    const { status, last } = check(
      `echo "$4" >> ${gpu.folder}/parts.txt; echo '40 passed, 0 failed'`,
      "--out",
      "result.json",
    );
    expect({ status, last }).toEqual({ status: 0, last: "166 passed, 0 failed" });
    expect(readFileSync(join(gpu.folder, "parts.txt"), "utf8")).toBe("1/4\n2/4\n3/4\n4/4\n");
    const commands = readFileSync(join(gpu.folder, "cmake.txt"), "utf8");
    expect(commands).toContain("-DFLM_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES=90a-real");
    expect(commands).toContain("--target flm_native_test");
    expect(result()).toMatchObject({
      gpu: "NVIDIA H100 80GB HBM3",
      driver: "580.1",
      architecture: "90a",
      commit: "abc123",
      passed: 166,
      failed: 0,
      failures: [],
      skipped: [],
    });
  });

  it.each([
    ["", "0"],
    ["3,1", "3"],
    ["GPU-8f2c", "GPU-8f2c"],
    ["MIG-77aa", "0"],
  ])("asks about the GPU that CUDA_VISIBLE_DEVICES=%s makes the first", (visible, id) => {
    gpu.tool("nvidia-smi", `#!/bin/sh\necho "$1" > ${gpu.folder}/asked.txt`);
    gpu.run("gpu-check.sh", [], { CUDA_VISIBLE_DEVICES: visible });
    expect(readFileSync(join(gpu.folder, "asked.txt"), "utf8").trim()).toBe(`--id=${id}`);
  });

  it("names what failed and what was skipped", () => {
    const tests = `[ "$4" = 2/4 ] || { echo '40 passed, 0 failed'; exit 0; }
echo 'skipped: NCCL on cuda: not "found"'
echo 'FAILED op cuda bf16 gelu (2 failures)'
echo '39 passed, 1 failed'
exit 1`;
    const { status, last } = check(tests, "--out", "result.json");
    expect({ status, last }).toEqual({ status: 1, last: "165 passed, 1 failed" });
    expect(result()).toMatchObject({
      failures: ["op cuda bf16 gelu"],
      skipped: ['NCCL on cuda: not "found"'],
    });
  });

  it("counts a program that dies as a failure, and runs the other parts", () => {
    const { status, text, last } = check(`[ "$4" = 3/4 ] || { echo '40 passed, 0 failed'; exit 0; }
echo 'illegal memory access'; exit 139`);
    expect({ status, last }).toEqual({ status: 1, last: "126 passed, 1 failed" });
    expect(text).toContain(
      "ops and models on cuda, part 3 of 4 ended with exit code 139 and no count",
    );
  });

  it("counts what memcheck finds, and skips where it cannot run", () => {
    gpu.tool(
      "compute-sanitizer",
      `#!/bin/sh
case $* in
  *rms_norm*) echo '========= Invalid __global__ write'; exit 9 ;;
  *layer_norm*) exit 0 ;;
  *) echo 'not permitted'; exit 1 ;;
esac`,
    );
    const { text, last } = check("echo '40 passed, 0 failed'");
    expect(last).toBe("161 passed, 1 failed");
    expect(text).toContain("========= Invalid __global__ write");
    expect(text).toContain("FAILED: memcheck rms_norm");
    expect(text).toContain("skipped: memcheck attention: exit code 1");
  });

  it("shows the errors of a build that fails", () => {
    gpu.tool("cmake", "#!/bin/sh\necho 'gelu.cu(3): error: identifier is undefined'\nexit 1");
    const { status, text, last } = check("exit 0");
    expect({ status, last }).toEqual({ status: 1, last: "0 passed, 1 failed" });
    expect(text).toContain("1:gelu.cu(3): error: identifier is undefined");
  });

  it("says what is missing where there is no GPU", () => {
    gpu.tool("nvidia-smi", "#!/bin/sh\necho 'No devices were found'");
    const { status, text, last } = check("exit 0");
    expect({ status, last }).toEqual({ status: 1, last: "0 passed, 1 failed" });
    expect(text).toContain("gpu-check: nvidia-smi names no GPU");
  });

  it("refuses an argument that it does not know", () => {
    expect(check("exit 0", "--fast")).toMatchObject({ status: 64 });
  });
});
