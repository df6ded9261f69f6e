import { realpathSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const NAME = "flm-train";
const PACKAGE = realpathSync(fileURLToPath(new URL("..", import.meta.url)));

/**
 * A file of this package as seen from a directory. That of a project has it in node_modules, where with some package
 * managers is but a link, to a place that the next version has not.
 */
export function packagePath(file: string, directory: string): string {
  for (let at = directory; ; at = dirname(at)) {
    const installed = join(at, "node_modules", NAME);
    if (isThis(installed)) return relative(directory, join(installed, file));
    if (at === dirname(at)) return relative(directory, join(PACKAGE, file));
  }
}

function isThis(directory: string): boolean {
  try {
    return realpathSync(directory) === PACKAGE;
  } catch {
    return false;
  }
}
