// Trains a config with the command line and watches how much memory each of its ranks ever had. Linux alone.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/support/files.mjs";

const LOOK_EVERY_MS = 10;

/**
 * @param {string} folder for the config and the run
 * @param {{ ranks: number, steps: number }} shape of the run
 * @returns {Promise<{ training: number, whole: number }>} bytes of the rank that had most, before the last step has been
 *   logged and in all: the last checkpoint is saved between the two
 */
export async function peakOfRun(config, folder, { ranks, steps }) {
  const path = join(folder, "config.yaml");
  writeFileSync(path, JSON.stringify(config)); // JSON is YAML
  const run = join(folder, "run");
  const args = [join(root, "dist/cli/main.js"), "train", path, "--out", run];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: "ignore" });
  const most = { training: 0, whole: 0 };
  const look = () => {
    // One rank is the process itself, several are its children.
    const pids = ranks === 1 ? [child.pid] : childrenOf(child.pid);
    most.whole = Math.max(most.whole, ...pids.map(peakOf));
    if (stepsOf(run) < steps) most.training = most.whole;
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  const code = await new Promise((resolve, reject) =>
    child.on("error", reject).on("close", resolve),
  );
  clearInterval(timer);
  if (code !== 0) throw new Error(`the run of ${path} ended with ${code}`);
  return most;
}

/** Steps that the run has logged. */
function stepsOf(run) {
  return (readOrNull(join(run, "metrics.jsonl")) ?? "").split("\n").length - 1;
}

function childrenOf(parent) {
  return readdirSync("/proc").filter((pid) => {
    const stat = /^\d+$/.test(pid) ? readOrNull(`/proc/${pid}/stat`) : null;
    // The name in brackets may hold anything; the state and the parent follow it.
    return stat !== null && Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent;
  });
}

/** VmHWM never falls, so that the last look has the peak of all. */
function peakOf(pid) {
  const kibibytes = /^VmHWM:\s+(\d+)/m.exec(readOrNull(`/proc/${pid}/status`) ?? "")?.[1];
  return kibibytes === undefined ? 0 : 1024 * Number(kibibytes);
}

/** Null for a process that has just ended. */
function readOrNull(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
