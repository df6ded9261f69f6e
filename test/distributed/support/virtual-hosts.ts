import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/** Why there can be no virtual hosts here; null where there can. */
export function whyNoVirtualHosts(): string | null {
  const missing = ["ip", "nsenter", "unshare"].filter(
    (program) => spawnSync("which", [program]).status !== 0,
  );
  if (missing.length > 0)
    return `${missing.join(", ")} missing: apt-get install iproute2 util-linux`;
  const tried = spawnSync("unshare", ["--net", "--mount", "--uts", "ip", "link"], {
    encoding: "utf8",
  });
  return tried.status === 0 ? null : `namespaces are not allowed: ${tried.stderr.trim()}`;
}

/**
 * Machines host0, host1, … on one switch: namespaces for network, mounts and names, so that ranks in different ones
 * reach each other over TCP alone. They last as long as a process that holds them, whatever becomes of a test.
 */
export class VirtualHosts {
  readonly #hosts: readonly ChildProcess[];
  readonly #switch: ChildProcess;

  static async start(count: number): Promise<VirtualHosts> {
    const names = [...Array(count).keys()].map((host) => `host${host}`);
    const [first, ...hosts] = await Promise.all(["switch", ...names].map(holdNamespaces));
    return new VirtualHosts(first!, hosts);
  }

  private constructor(center: ChildProcess, hosts: readonly ChildProcess[]) {
    this.#switch = center;
    this.#hosts = hosts;
    this.#ip(center, "link add bridge type bridge");
    this.#ip(center, "link set bridge up");
    for (const [index, host] of hosts.entries()) {
      const far = `peer name eth0 netns ${host.pid}`;
      this.#ip(center, `link add port${index} type veth ${far}`);
      this.#ip(center, `link set port${index} master bridge up`);
      this.#ip(host, `address add ${this.address(index)}/24 dev eth0`);
      for (const link of ["lo", "eth0"]) this.#ip(host, `link set ${link} up`);
    }
  }

  address(host: number): string {
    return `10.77.0.${host + 1}`;
  }

  /** A command that runs `command` on a host, in a directory that all of them see. */
  on(host: number, directory: string, command: readonly string[]): string[] {
    // Who enters a namespace of mounts stands at its root.
    const go = ["sh", "-c", 'cd "$0" && exec "$@"', directory];
    return [...entering(this.#hosts[host]!), ...go, ...command];
  }

  /** Pulls the host's cable out of the switch: what is sent is lost, and nobody is told. */
  cut(host: number): void {
    this.#ip(this.#switch, `link set port${host} down`);
  }

  heal(host: number): void {
    this.#ip(this.#switch, `link set port${host} up`);
  }

  stop(): void {
    for (const holder of [this.#switch, ...this.#hosts]) holder.kill("SIGKILL");
  }

  #ip(where: ChildProcess, command: string): void {
    const [program, ...args] = [...entering(where), "ip", ...command.split(" ")];
    execFileSync(program!, args);
  }
}

function entering({ pid }: ChildProcess): string[] {
  return ["nsenter", "--target", String(pid), "--net", "--mount", "--uts"];
}

async function holdNamespaces(name: string): Promise<ChildProcess> {
  const script = 'echo "$0" > /proc/sys/kernel/hostname && echo ready && read -r _';
  const args = ["--net", "--mount", "--uts", "sh", "-c", script, name];
  const holder = spawn("unshare", args, { stdio: ["pipe", "pipe", "inherit"] });
  const gone = once(holder, "exit").then(() => {
    throw new Error(`there is no virtual host ${name}`);
  });
  await Promise.race([once(holder.stdout!, "data"), gone]);
  gone.catch(() => {}); // `stop` ends it
  return holder;
}
