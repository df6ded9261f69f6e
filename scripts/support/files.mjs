// Paths and file walks shared by the scripts.
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's root directory, absolute. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** True when `url` (an `import.meta.url`) is the script that Node was started with. */
export function isMain(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url);
}

/** All files below `directory/folder`, sorted, as paths relative to `directory` with forward slashes. */
export function walk(directory, folder) {
  if (!existsSync(join(directory, folder))) return [];
  return readdirSync(join(directory, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? walk(directory, path) : [path];
    });
}
