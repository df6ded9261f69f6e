// The addon with CUDA from source, into build-cuda/Release/flm.node: `flm-train build --cuda` runs this.
//   node scripts/build-cuda.mjs [--arch 90a-real]     default: the architectures of native/sources.json
// Exit code 78 when a tool is missing, naming it and how to get it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { underLock } from "./support/lock.mjs";
import { compilerCache, jobs, resolveInPackage, run, which } from "./support/tools.mjs";

const MISSING_TOOL = 78;

const { values } = parseArgs({
  options: { arch: { type: "string" }, "under-lock": { type: "boolean" } },
});

/** nvcc from CUDA_HOME, PATH or the usual place. */
function findNvcc() {
  const inHome = process.env.CUDA_HOME && join(process.env.CUDA_HOME, "bin", "nvcc");
  if (inHome && existsSync(inHome)) return inHome;
  const usual = "/usr/local/cuda/bin/nvcc";
  return which("nvcc") ?? (existsSync(usual) ? usual : null);
}

function build() {
  const nvcc = findNvcc();
  const remedies = [
    [
      nvcc,
      "nvcc: install NVIDIA's CUDA toolkit 12.8 or later and put its bin folder on PATH, or set CUDA_HOME",
    ],
    [which("cmake"), "cmake 3.24 or later: apt-get install -y cmake"],
    [which("g++"), "g++: apt-get install -y g++"],
    [which("ninja") ?? which("make"), "make: apt-get install -y make"],
  ].flatMap(([found, remedy]) => (found ? [] : [remedy]));
  if (remedies.length > 0) {
    console.error("flm-train: the CUDA addon was not built. Missing:");
    remedies.forEach((remedy, i) => console.error(`  ${i + 1}. ${remedy}`));
    return MISSING_TOOL;
  }
  const cmakeJs = join(resolveInPackage("cmake-js/package.json"), "..", "bin", "cmake-js");
  const cache = {
    FLM_CUDA: "ON",
    CMAKE_CUDA_COMPILER: nvcc,
    ...compilerCache(),
    ...(values.arch && { CMAKE_CUDA_ARCHITECTURES: values.arch }),
  };
  const options = ["-O", "build-cuda", "--parallel", String(jobs)];
  const defines = Object.entries(cache).map(([key, value]) => `--CD${key}=${value}`);
  // Configured anew each time: `build` alone would keep the architectures of an earlier call.
  return (
    run(process.execPath, [cmakeJs, "configure", ...options, ...defines]) ||
    run(process.execPath, [cmakeJs, "build", "--target", "flm", ...options, ...defines])
  );
}

process.exit(underLock(fileURLToPath(import.meta.url), build));
