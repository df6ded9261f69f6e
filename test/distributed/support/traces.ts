import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Processes that `pid` has started and that are still there, in the order of their start: its ranks. */
export function childrenOf(pid: number): number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`).trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

/** What processes leave in the system that could outlive them: themselves, shared memory, sockets with a name. */
export class Traces {
  readonly processes: readonly number[];
  /** Lines of /proc/PID/maps, without the address: device, inode and name. */
  readonly memory: ReadonlySet<string>;
  readonly sockets: ReadonlySet<string>;

  /** @param processes living ones */
  constructor(processes: readonly number[]) {
    this.processes = processes;
    this.memory = new Set(processes.flatMap(sharedMemoryOf));
    const inodes = new Set(processes.flatMap(socketsOf));
    this.sockets = new Set(
      namedSockets()
        .filter(({ inode }) => inodes.has(inode))
        .map(({ name }) => name),
    );
  }

  /** What of it is still there. */
  left(): string[] {
    const mapped = new Set(allProcesses().flatMap(sharedMemoryOf));
    const names = new Set(namedSockets().map(({ name }) => name));
    return [
      ...this.processes.filter((pid) => existsSync(`/proc/${pid}`)).map((pid) => `process ${pid}`),
      ...[...this.memory].filter((memory) => mapped.has(memory)),
      ...[...this.sockets].filter((name) => names.has(name)),
    ];
  }
}

function allProcesses(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

function sharedMemoryOf(pid: number): string[] {
  const lines = read(`/proc/${pid}/maps`).split("\n");
  return lines.flatMap((line) => /\S+ \d+ +\/memfd:flm-comm/.exec(line)?.[0] ?? []);
}

function socketsOf(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).flatMap((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${directory}/${name}`))?.[1] ?? [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

function namedSockets(): { inode: string; name: string }[] {
  const lines = read("/proc/net/unix").split("\n");
  return lines.flatMap((line) => {
    const match = /(\d+) (@flm-[0-9a-f]+)$/.exec(line);
    return match ? [{ inode: match[1]!, name: match[2]! }] : [];
  });
}

/** Empty where the process has gone. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
