// dist/: the TypeScript sources compiled with plain tsc.
import { chmodSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, walk } from "./files.mjs";
import { hashInputs, hasStamp, writeStamp } from "./stamp.mjs";
import { resolveInPackage, run } from "./tools.mjs";

/** What the state of dist/ calls for: null when it is up to date, else a function that builds it. */
export function planDist() {
  if (!existsSync(join(root, "lib"))) return null; // an installed package: dist/ came with it
  const hash = hashInputs(["tsconfig.json", ...walk(root, "lib")], {});
  const entry = join(root, "dist", "cli", "main.js");
  return hasStamp("dist", hash) && existsSync(entry) ? null : () => build(hash, entry);
}

function build(hash, entry) {
  const packageFile = resolveInPackage("typescript/package.json");
  if (!packageFile) {
    console.error(
      "flm-train: dist/ was not built: typescript is not installed. Remedy: npm ci (without --omit=dev)",
    );
    return 1;
  }
  const status = run(process.execPath, [
    join(packageFile, "..", "bin", "tsc"),
    "-p",
    "tsconfig.json",
  ]);
  if (status !== 0) return status;
  removeOrphans();
  if (existsSync(entry)) chmodSync(entry, 0o755);
  writeStamp("dist", hash);
  return 0;
}

/** Deletes outputs whose source is gone: tsc leaves them, and the package would carry them. */
function removeOrphans() {
  for (const file of walk(root, "dist")) {
    const source = file.replace(/^dist\//, "lib/").replace(/(\.d\.ts|\.js)$/, ".ts");
    if (!existsSync(join(root, source))) rmSync(join(root, file));
  }
}
