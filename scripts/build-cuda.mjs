// The addon with CUDA from source, into build-cuda/Release/flm.node: `flm-train build --cuda` runs this.
//   node scripts/build-cuda.mjs [--arch 90a-real]     default: the architectures of native/sources.json
// Exit code 78 when a tool is missing, naming it and how to get it.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { root } from "./support/files.mjs";
import { underLock } from "./support/lock.mjs";
import { chooseNvcc, installedNvccs } from "./support/nvcc.mjs";
import { compilerCache, jobs, resolveInPackage, run, which } from "./support/tools.mjs";

const MISSING_TOOL = 78;

const { values } = parseArgs({
  options: { arch: { type: "string" }, "under-lock": { type: "boolean" } },
});

function build() {
  const { nvcc, missing } = chooseNvcc(installedNvccs(), values.arch === undefined);
  const generator = which("ninja") ?? which("make");
  const remedies = [
    [nvcc, missing],
    [which("cmake"), "cmake 3.24 or later: apt-get install -y cmake"],
    [which("g++"), "g++: apt-get install -y g++"],
    [generator, "make: apt-get install -y make"],
  ].flatMap(([found, remedy]) => (found ? [] : [remedy]));
  if (remedies.length > 0) {
    console.error("flm-train: the CUDA addon was not built. Missing:");
    remedies.forEach((remedy, i) => console.error(`  ${i + 1}. ${remedy}`));
    return MISSING_TOOL;
  }
  forgetOtherTools({ nvcc, generator, compiler: process.env.CXX ?? null });
  const cmakeJs = join(resolveInPackage("cmake-js/package.json"), "..", "bin", "cmake-js");
  const cache = {
    FLM_CUDA: "ON",
    CMAKE_CUDA_COMPILER: nvcc.path,
    ...compilerCache(),
    // Said each time: CMake would keep those of an earlier call.
    CMAKE_CUDA_ARCHITECTURES: values.arch ?? defaultArchitectures(),
  };
  const options = ["-O", "build-cuda", "--parallel", String(jobs)];
  const defines = Object.entries(cache).map(([key, value]) => `--CD${key}=${value}`);
  return (
    run(process.execPath, [cmakeJs, "configure", ...options, ...defines]) ||
    run(process.execPath, [cmakeJs, "build", "--target", "flm", ...options, ...defines])
  );
}

function defaultArchitectures() {
  const sources = JSON.parse(readFileSync(join(root, "native", "sources.json"), "utf8"));
  return sources.variables.cuda_architectures.join(";");
}

/**
 * CMake remembers the tools of an earlier call: another compiler makes it drop what else it was told, FLM_CUDA too, and
 * another generator is refused. The addon that is there stays until there is a new one.
 */
function forgetOtherTools(tools) {
  const folder = join(root, "build-cuda");
  const stamp = join(folder, "tools.json");
  const text = JSON.stringify(tools);
  if (readOr(stamp, "") === text) return;
  for (const name of ["CMakeCache.txt", "CMakeFiles"])
    rmSync(join(folder, name), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(stamp, text);
}

function readOr(file, absent) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return absent;
  }
}

process.exit(underLock(fileURLToPath(import.meta.url), build));
