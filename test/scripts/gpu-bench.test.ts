import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { root } from "../../scripts/support/files.mjs";

/** A contender that answers at once: steps of 8 ms, ops of 2 ms. */
const STEP_BENCH = `#!/bin/sh
echo '{"parameters":1000,"flops_per_token":6000,"tokens_per_step":4096,"device":"GPU"}'
while read -r request; do echo '{"ms":8,"cpu_ms":1,"loss":6.5}'; done`;
const OP_BENCH = `#!/bin/sh
echo '{"ops":{"qkv":2000000000,"attention_fwd":1000000000}}'
while read -r request; do echo '{"ms":2}'; done`;
const SMI = `#!/bin/sh
case $2 in
  *compute_cap*) echo 9.0 ;;
  *name*) echo 'NVIDIA H100 80GB HBM3' ;;
  *driver_version*) echo 580.1 ;;
  *) echo '1980, 1980, 120.5, 700.00, 35, 0, 4' ;;
esac`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flm-gpu-bench-"));
  mkdirSync(join(folder, "tools"));
  mkdirSync(join(folder, "torch"));
  // Whatever the machine's python3 has, this is the torch that it finds: one that cannot be used.
  writeFileSync(join(folder, "torch", "torch.py"), "raise ImportError('no torch here')\n");
  tool("nvidia-smi", SMI);
  tool("cmake", `#!/bin/sh\nfor each; do last=$each; done\necho "$@" >> ${folder}/cmake.txt`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function tool(name: string, text: string) {
  program(join("tools", name), text);
}

function program(path: string, text: string) {
  writeFileSync(join(folder, path), `${text}\n`);
  chmodSync(join(folder, path), 0o755);
}

function bench(...options: string[]) {
  mkdirSync(join(folder, "build"), { recursive: true });
  program("build/flm_step_bench", STEP_BENCH);
  program("build/flm_op_bench", OP_BENCH);
  return benchAsBuilt(...options);
}

function benchAsBuilt(...options: string[]) {
  const build = ["--build", join(folder, "build")];
  const { status, stdout, stderr } = spawnSync(
    join(root, "scripts", "gpu-bench.sh"),
    [...build, ...options],
    {
      encoding: "utf8",
      cwd: folder,
      env: {
        PATH: `${join(folder, "tools")}:${process.env.PATH}`,
        OUT: join(folder, "out"),
        PYTHONPATH: join(folder, "torch"),
        FLM_COMMIT: "abc123",
      },
    },
  );
  return { status, text: stdout + stderr };
}

const resultFile = () => join(folder, "out", "gpu-bench.json");
const result = () => JSON.parse(readFileSync(resultFile(), "utf8"));

describe("scripts/gpu-bench.sh", () => {
  it("builds for the GPU that is there, and writes what it measured, where and of what", () => {
    const { status, text } = bench("--", "--rounds", "3", "--warmup", "1");
    expect(text).toContain("gpt2-124m: flm-train: 8.00 ms a step");
    expect(status).toBe(0);
    const commands = readFileSync(join(folder, "cmake.txt"), "utf8");
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
    tool("nvidia-smi", "#!/bin/sh\necho 'No devices were found'");
    expect(bench()).toEqual({ status: 1, text: "gpu-bench: nvidia-smi names no GPU\n" });
    expect(existsSync(resultFile())).toBe(false);
  });

  it("shows the errors of a build that fails", () => {
    tool("cmake", "#!/bin/sh\necho 'gelu.cu(3): error: identifier is undefined'\nexit 1");
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
