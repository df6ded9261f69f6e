import { readFileSync } from "node:fs";

const LOOK_MS = 500;
/** npm starts a shell, and the shell starts this process; some shells make way for it. */
const GENERATIONS = 2;

/** A process that has been started for us, and the one that did. */
interface Link {
  child: number;
  parent: number;
}

/**
 * Ends this process as SIGTERM ends it once the npm that started it (`npx flm-train`, an npm script) is gone. npm passes
 * on what a terminal sends, but not its own end: training would go on, and its directory would be taken, where nobody
 * sees it. Linux alone tells who started whom; elsewhere nothing is done.
 */
export function endWithNpm(): void {
  if (process.env.npm_command === undefined) return;
  const link = npmAbove(process.pid);
  if (link === null) return;
  const timer = setInterval(() => {
    if (statusOf(link.child)?.parent === link.parent) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, LOOK_MS);
  timer.unref();
}

function npmAbove(pid: number): Link | null {
  let child = pid;
  for (let i = 0; i < GENERATIONS; i++) {
    const parent = statusOf(child)?.parent;
    if (parent === undefined) return null;
    if (statusOf(parent)?.name.startsWith("npm ")) return { child, parent };
    child = parent;
  }
  return null;
}

/** Null where there is no such process, or no /proc. */
function statusOf(pid: number): { name: string; parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // "pid (name) state parent ...": the name may hold anything.
    const end = stat.lastIndexOf(")");
    const parent = Number(stat.slice(end + 2).split(" ")[1]);
    return { name: stat.slice(stat.indexOf("(") + 1, end), parent };
  } catch {
    return null;
  }
}
