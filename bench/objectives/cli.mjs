// The examples as a user runs them: by the command line, from the package's directory.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/support/files.mjs";

/** Trains an example into `out`, or finds it trained; `sets` are config keys with other values. */
export function trainExample(name, out, sets = {}) {
  const overrides = Object.entries(sets).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  const main = join(root, "dist/cli/main.js");
  const args = [main, join("examples", `${name}.yaml`), "--out", out, ...overrides];
  execFileSync(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
}

/** The run of examples/quickstart.yaml: the one that is named, or one of our own. */
export function quickstart(from, work) {
  const out = from ?? join(work, "quickstart");
  if (from === undefined) trainExample("quickstart", out);
  if (!existsSync(join(out, "tokenizer.json"))) throw new Error(`${out} is no finished run`);
  return out;
}
