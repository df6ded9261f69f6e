// One build at a time: `srun -n 8 npx flm-train` starts eight installs of one directory at once.
import { join } from "node:path";
import { root } from "./files.mjs";
import { run, which } from "./tools.mjs";

const FLAG = "--under-lock";

/**
 * Runs `work` while no other process of this package builds, also on other hosts of a shared file system, and
 * returns its exit status. The lock is flock(1) on a file that is always there: the kernel releases it however
 * the holder ends, so there is no stale lock to recognise. Without flock(1) the work runs unprotected.
 */
export function underLock(script, work, lockFile = join(root, "binding.gyp")) {
  if (process.argv.includes(FLAG) || !which("flock")) return work();
  return run("flock", [lockFile, process.execPath, script, ...process.argv.slice(2), FLAG]);
}
