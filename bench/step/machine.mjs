// What a measurement has to say about where and of what it was made.
import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { root } from "../../scripts/support/files.mjs";

/** Above this share of busy processors before anything has started, somebody else computes too. */
const QUIET_SHARE = 0.1;
const LOOK_MS = 2000;

export function describeMachine() {
  const busy = busyShare();
  return {
    cpu: cpus()[0].model,
    logical_cpus: cpus().length,
    memory_bytes: totalmem(),
    node: process.version,
    busy_before: Number(busy.toFixed(3)),
    quiet: busy <= QUIET_SHARE,
  };
}

/** The load average remembers what ended a minute ago; this looks at now. */
function busyShare() {
  const before = cpus();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
  const spent = { idle: 0, all: 0 };
  for (const [i, { times }] of cpus().entries())
    for (const [kind, ms] of Object.entries(times)) {
      const passed = ms - before[i].times[kind];
      spent.all += passed;
      if (kind === "idle") spent.idle += passed;
    }
  return 1 - spent.idle / spent.all;
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
