import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Every file below a directory with a hash of its bytes: equal snapshots mean that nothing was touched. */
export function snapshot(directory: string): Record<string, string> {
  const files = (readdirSync(directory, { recursive: true }) as string[])
    .filter((name) => statSync(join(directory, name)).isFile())
    .sort();
  const hash = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(directory, name)))
      .digest("hex");
  return Object.fromEntries(files.map((name) => [name, hash(name)]));
}
