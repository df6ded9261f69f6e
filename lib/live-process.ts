import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** When a process was started, in the kernel's clock ticks; null when there is none of that number. */
export function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold anything; the state follows it, and the start is 19 fields further on.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const hasEnded = fields[0] === "Z"; // and its parent has not asked how
    return hasEnded ? null : fields[19]!;
  } catch {
    return null;
  }
}

/**
 * Whether the process of that number lives on this machine and is the one that started then: a container that starts
 * again gives the same numbers to others.
 */
export function isAlive(pid: number, start: string | undefined): boolean {
  const now = Number.isInteger(pid) && pid > 0 ? startOf(pid) : null;
  return now !== null && (start === undefined || start === now);
}

/** Names the machine or container in which process numbers count: two containers of a host may both have its name. */
export function processSpace(): string {
  return `${hostname()}.${namespaceOf()}`;
}

/** The kernel's number of this process's space of process numbers; nothing where it does not say. */
function namespaceOf(): string {
  try {
    return readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
  } catch {
    return "";
  }
}
