// Which nvcc builds the CUDA addon.
import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { which } from "./tools.mjs";

/** The first that compiles for all architectures of native/sources.json, and the first that knows C++20. */
const OLDEST_FOR_ALL = [12, 8];
const OLDEST = [12, 0];

/**
 * @typedef {{ path: string, version: number[] | null }} Nvcc `version` as in [12, 8]; null where it does not tell
 */

/**
 * From CUDA_HOME, PATH and the usual place, in this order: a distribution's own nvcc, often years old, may come before the
 * toolkit's on PATH.
 * @returns {Nvcc[]}
 */
export function installedNvccs(env = process.env, usual = "/usr/local/cuda") {
  const homes = [env.CUDA_HOME, usual].map((home) => home && join(home, "bin", "nvcc"));
  const places = [homes[0], which("nvcc"), homes[1]].filter((path) => path && existsSync(path));
  const seen = new Set();
  return places
    .filter((path) => {
      const file = realpathSync(path);
      return !seen.has(file) && seen.add(file);
    })
    .map((path) => ({ path, version: versionOf(path) }));
}

function versionOf(path) {
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  const release = /release (\d+)\.(\d+)/.exec(stdout ?? "");
  return release && [Number(release[1]), Number(release[2])];
}

/**
 * The first that is new enough, or what is missing. One whose version is not known may be.
 * @param {Nvcc[]} installed
 * @param {boolean} forAll the architectures are those of native/sources.json, and not chosen
 * @returns {{ nvcc: Nvcc } | { missing: string }}
 */
export function chooseNvcc(installed, forAll) {
  const oldest = forAll ? OLDEST_FOR_ALL : OLDEST;
  const nvcc = installed.find(({ version }) => version === null || !isBefore(version, oldest));
  if (nvcc) return { nvcc };
  const remedy = `install NVIDIA's CUDA toolkit ${OLDEST_FOR_ALL.join(".")} or later and put its bin folder on PATH, or set CUDA_HOME`;
  const old = installed.map(({ path, version }) => `${path} is of CUDA ${version.join(".")}`);
  return { missing: `nvcc: ${[...old, remedy].join("; ")}` };
}

function isBefore([major, minor], [otherMajor, otherMinor]) {
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
