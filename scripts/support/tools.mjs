// Looking for and running programs.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import { root } from "./files.mjs";

const require = createRequire(import.meta.url);

/** Full path of a program on PATH, or of one that is named by its path; null where there is none. */
export function which(program) {
  const places = program.includes("/") ? [""] : (process.env.PATH ?? "").split(delimiter);
  for (const directory of places) {
    const path = join(directory, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this directory
    }
  }
  return null;
}

/** Path of a file inside an installed npm package, or null when the package is not installed. */
export function resolveInPackage(specifier) {
  try {
    return require.resolve(specifier, { paths: [root] });
  } catch {
    return null;
  }
}

/** Compile jobs at a time: a big file takes about half a gigabyte, so not one for every core of a large machine. */
export const jobs = Math.min(8, availableParallelism());

/** CMake cache variables that put ccache, where there is one, before the compilers. */
export function compilerCache() {
  if (!which("ccache")) return {};
  return { CMAKE_CXX_COMPILER_LAUNCHER: "ccache", CMAKE_CUDA_COMPILER_LAUNCHER: "ccache" };
}

/**
 * Runs a program in the package's root and waits. With `quiet` its output is held back and shown only when
 * it fails. Returns the exit status; a program that could not be started, or died by a signal, counts as 1.
 */
export function run(program, args, { env = {}, quiet = false } = {}) {
  const result = spawnSync(program, args, {
    cwd: root,
    // ccache sees paths below the root as relative ones, so that all builds and clones share their objects.
    env: { CCACHE_BASEDIR: root, ...process.env, ...env },
    stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit",
    maxBuffer: 1 << 28,
  });
  const status = result.status ?? 1;
  if (quiet && status !== 0) {
    process.stderr.write(result.stdout ?? "");
    process.stderr.write(result.stderr ?? "");
  }
  if (result.error) console.error(`cannot run ${program}: ${result.error.message}`);
  return status;
}
