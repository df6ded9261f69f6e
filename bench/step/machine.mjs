// What a measurement has to say about where and of what it was made.
import { execFileSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";
import { root } from "../../scripts/support/files.mjs";

/** Above this load before anything has started, somebody else computes too. */
const QUIET_LOAD = 0.3;

export function describeMachine() {
  const load = loadavg()[0];
  return {
    cpu: cpus()[0].model,
    logical_cpus: cpus().length,
    memory_bytes: totalmem(),
    node: process.version,
    load_before: load,
    quiet: load <= QUIET_LOAD,
  };
}

/** The commit, with "+changes" where the working tree differs; FLM_COMMIT where there is no repository. */
export function describeCommit() {
  const git = (...args) =>
    execFileSync("git", ["-C", root, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    const changes = git("status", "--porcelain", "--untracked-files=no");
    return git("rev-parse", "HEAD") + (changes ? "+changes" : "");
  } catch {
    return process.env.FLM_COMMIT ?? "unknown";
  }
}

/** The version of PyTorch that `python` imports, or null. */
export function torchVersion(python) {
  try {
    const script = "import torch; print(torch.__version__)";
    return execFileSync(python, ["-c", script], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return null;
  }
}
