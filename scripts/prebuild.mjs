// npm's prepack: puts the CPU addon into prebuilds/<platform>-<arch>/, so that the package works where install
// scripts are blocked or no compiler is at hand. postpack (--clean) takes it away again, because the loader
// prefers a prebuilt addon and a stale one would hide every later build of the clone.
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { addonFile, prebuiltFile } from "./support/addon.mjs";
import { root } from "./support/files.mjs";
import { run } from "./support/tools.mjs";

if (process.argv.includes("--clean")) {
  rmSync(join(root, "prebuilds"), { recursive: true, force: true });
} else {
  const status = run(process.execPath, [join(root, "scripts", "install.mjs")]);
  if (status !== 0 || !existsSync(addonFile)) {
    console.error("flm-train: no addon to pack");
    process.exit(status || 1);
  }
  mkdirSync(dirname(prebuiltFile), { recursive: true });
  copyFileSync(addonFile, prebuiltFile);
  if (run("strip", ["--strip-unneeded", prebuiltFile]) !== 0) process.exit(1);
}
