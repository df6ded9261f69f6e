import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * The package as a user has it: what npm packs, unpacked into `directory`/node_modules. Its addon is the one that is
 * built here, where npm's prepack would put it, and its dependencies are this clone's: no registry is asked.
 *
 * @returns the path of its command
 */
export function installPackage(directory: string): string {
  const pack = ["pack", "--ignore-scripts", "--silent", "--pack-destination", directory];
  const tarball = execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8" }).trim();
  execFileSync("tar", ["-xzf", join(directory, tarball), "-C", directory]);
  const home = join(directory, "node_modules", "flm-train");
  mkdirSync(join(directory, "node_modules"));
  renameSync(join(directory, "package"), home);
  const prebuilds = join(home, "prebuilds", `${process.platform}-${process.arch}`);
  mkdirSync(prebuilds, { recursive: true });
  cpSync(join(ROOT, "build", "Release", "flm.node"), join(prebuilds, "flm.node"));
  symlinkSync(join(ROOT, "node_modules"), join(home, "node_modules"));
  return join(home, "dist", "cli", "main.js");
}
