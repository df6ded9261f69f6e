import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Installs the package in `directory` as a user does: `npm install flm-train-….tgz`. No registry is asked: the tarball's
 * dependencies lie there already, copied from this clone, which npm takes for an earlier installation.
 *
 * @returns the path of its command
 */
export function installPackage(directory: string): string {
  const tarball = packWithAddon(directory);
  writeFileSync(join(directory, "package.json"), '{ "private": true }\n');
  // With the links to their commands; npm would fetch again what lacks them.
  for (const folder of [...dependencies(), join("node_modules", ".bin")])
    cpSync(join(ROOT, folder), join(directory, folder), {
      recursive: true,
      verbatimSymlinks: true,
    });
  const quietly = ["--offline", "--no-audit", "--no-fund", "--silent"];
  const cache = join(directory, "npm-cache"); // empty: not this user's
  execFileSync("npm", ["install", tarball, ...quietly, "--cache", cache], { cwd: directory });
  return join(directory, "node_modules", ".bin", "flm-train");
}

/** The tarball of a release: `npm pack`, with the addon that is built here where its prepack would put it. */
function packWithAddon(directory: string): string {
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd: directory, encoding: "utf8" }).trim();
  const pack = ["pack", ROOT, "--ignore-scripts", "--silent", "--pack-destination", directory];
  const tarball = join(directory, run("npm", ...pack));
  const prebuilds = join("package", "prebuilds", `${process.platform}-${process.arch}`);
  mkdirSync(join(directory, prebuilds), { recursive: true });
  cpSync(join(ROOT, "build", "Release", "flm.node"), join(directory, prebuilds, "flm.node"));
  run("gunzip", tarball);
  const plain = tarball.replace(/\.tgz$/, ".tar");
  run("tar", "--append", `--file=${plain}`, prebuilds);
  run("gzip", plain);
  return `${plain}.gz`;
}

/** Folders of what the package needs at run time, below this clone. */
function dependencies(): string[] {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as Lock;
  return Object.keys(lock.packages).filter(
    (folder) => folder !== "" && !lock.packages[folder]!.dev,
  );
}

interface Lock {
  packages: Record<string, { dev?: boolean }>;
}
