// Native programs through CMake: test, bench, sanitizer and emulation builds, each in a directory of its own.
import { compilerCache, jobs, run, which } from "./tools.mjs";

/**
 * Configures and builds `targets` in `directory` (relative to the root, as is `source`).
 * @param {Record<string, string>} options CMake cache variables
 * @returns {number} 0, or the exit status of the step that failed
 */
export function buildNative(directory, options, targets, source = ".") {
  if (!which("cmake")) {
    console.error("cmake not found. Remedy: apt-get install -y cmake ninja-build");
    return 1;
  }
  const defines = Object.entries({ ...options, ...compilerCache() }).map(
    ([key, value]) => `-D${key}=${value}`,
  );
  const generator = which("ninja") ? ["-G", "Ninja"] : [];
  return (
    run("cmake", ["-S", source, "-B", directory, ...generator, ...defines], { quiet: true }) ||
    run("cmake", ["--build", directory, "-j", String(jobs), "--target", ...targets])
  );
}
