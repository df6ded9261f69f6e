// Which nvcc builds the CUDA addon.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { which } from "./tools.mjs";

/** The first that compiles for all architectures of native/sources.json, and the first that knows C++20. */
const OLDEST_FOR_ALL = [12, 8];
const OLDEST = [12, 0];

/**
 * @typedef {{ path: string, version: number[] | null }} Nvcc `version` as in [12, 8]; null where it does not tell
 */

/**
 * The one in CUDA_HOME, which is an order; else those on PATH and in the usual place: a distribution's own nvcc, often years
 * old, may come before the toolkit's.
 * @returns {Nvcc[]}
 */
export function installedNvccs(env = process.env, usual = "/usr/local/cuda") {
  const inHome = env.CUDA_HOME && join(env.CUDA_HOME, "bin", "nvcc");
  const places = inHome && existsSync(inHome) ? [inHome] : [which("nvcc"), join(usual, "bin/nvcc")];
  return places
    .filter((path) => path && existsSync(path))
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
