import { spawnSync } from "node:child_process";

/** Why no program here can be kept from seeing the other processes; null where it can. */
export function whyNoProcessNamespace(): string | null {
  const args = ["--pid", "--fork", "--mount-proc", "true"];
  const { status, error, stderr } = spawnSync("unshare", args, { encoding: "utf8" });
  if (error) return "unshare is missing: apt-get install util-linux";
  return status === 0 ? null : `namespaces are not allowed: ${stderr.trim()}`;
}
