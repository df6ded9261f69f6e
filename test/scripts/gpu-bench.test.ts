import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeGpu } from "./fake-gpu.ts";

/** A contender that answers at once: steps of 8 ms, ops of 2 ms. */
const STEP_BENCH = `#!/bin/sh
echo '{"parameters":1000,"flops_per_token":6000,"tokens_per_step":4096,"device":"GPU"}'
while read -r request; do echo '{"ms":8,"cpu_ms":1,"loss":6.5}'; done`;
const OP_BENCH = `#!/bin/sh
echo '{"ops":{"qkv":2000000000,"attention_fwd":1000000000}}'
while read -r request; do echo '{"ms":2}'; done`;

let gpu: FakeGpu;

beforeEach(() => {
  gpu = new FakeGpu();
  mkdirSync(join(gpu.folder, "torch"));
  // Whatever the machine's python3 has, this is the torch that it finds: one that cannot be used.
  writeFileSync(join(gpu.folder, "torch", "torch.py"), "raise ImportError('no torch here')\n");
});
afterEach(() => gpu.remove());

function bench(...options: string[]) {
  gpu.program("build/flm_step_bench", STEP_BENCH);
  gpu.program("build/flm_op_bench", OP_BENCH);
  return benchAsBuilt(...options);
}

function benchAsBuilt(...options: string[]) {
  const env = { OUT: join(gpu.folder, "out"), PYTHONPATH: join(gpu.folder, "torch") };
  return gpu.run("gpu-bench.sh", options, env);
}

const resultFile = () => join(gpu.folder, "out", "gpu-bench.json");
const result = () => JSON.parse(readFileSync(resultFile(), "utf8"));

describe("scripts/gpu-bench.sh", () => {
  it("builds for the GPU that is there, and writes what it measured, where and of what", () => {
    const { status, text } = bench("--", "--rounds", "3", "--warmup", "1");
    expect(text).toContain("gpt2-124m: flm-train: 8.00 ms a step");
    expect(status).toBe(0);
    const commands = readFileSync(join(gpu.folder, "cmake.txt"), "utf8");
    expect(commands).toContain("-DFLM_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES=90a-real");
    expect(commands).toContain("--target flm_step_bench flm_op_bench");
    const { commit, complete, machine, models } = result();
    expect({ commit, complete }).toEqual({ commit: "abc123", complete: true });
    expect(machine).toMatchObject({ gpu: "NVIDIA H100 80GB HBM3", before: { sm_mhz: "1980" } });
    const { steps, ops } = models["gpt2-124m"];
    expect(steps.contenders).toEqual([
      {
        name: "flm-train",
        median_ms: 8,
        min_ms: 8,
        times_ms: [8, 8, 8],
        loss: 6.5,
        tokens_per_second: 512_000,
        model_tflops: 0.003072,
      },
    ]);
    expect(ops[0]).toEqual({
      op: "qkv",
      gflop: 2,
      microseconds: { "flm-train": 2000 },
      tflops: { "flm-train": 1 },
    });
    // Two blocks of two rounds: each is rounded up.
    expect(models["llama-1.5b"].steps.contenders[0].times_ms).toHaveLength(4);
  });

  it("goes on without a side that fails, and says so", () => {
    const { status } = bench("--", "--model", "gpt2-124m", "--rounds", "1", "--warmup", "0");
    expect(status).toBe(0);
    const { failures, models } = result();
    expect(failures).toEqual([
      "PyTorch compile ended without an answer",
      "PyTorch eager ended without an answer",
      "PyTorch ended without an answer",
    ]);
    expect(models["gpt2-124m"].steps.contenders).toHaveLength(1);
  });

  it("says what is missing where there is no GPU, and writes nothing", () => {
    gpu.tool("nvidia-smi", "#!/bin/sh\necho 'No devices were found'");
    const { status, text } = bench();
    expect({ status, text }).toEqual({ status: 1, text: "gpu-bench: nvidia-smi names no GPU\n" });
    expect(existsSync(resultFile())).toBe(false);
  });

  it("shows the errors of a build that fails", () => {
    gpu.tool("cmake", "#!/bin/sh\necho 'gelu.cu(3): error: identifier is undefined'\nexit 1");
    const { status, text } = benchAsBuilt();
    expect(status).toBe(1);
    expect(text).toContain("1:gelu.cu(3): error: identifier is undefined");
    expect(text).toContain("the build failed");
  });

  it("refuses an argument that it does not know", () => {
    const { status, text } = bench("--rounds", "3");
    expect(status).toBe(64);
    expect(text).toContain("unknown argument --rounds");
  });
});
