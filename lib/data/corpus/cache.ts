import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ioError } from "../../errors.ts";
import { syncDirectory } from "./durable.ts";

/** Prefix of directories that are being written, or whose writer was killed. */
const WORK = "tmp-";
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

/**
 * Makes `directory` by calling `fill` with an empty directory beside it, which gets the name by one rename once all
 * of it has reached the disk. Processes that fill the same directory at the same time do not disturb each other:
 * the first to finish gives it its name, and the others drop what they have.
 *
 * @param isWhole tells whether what stands at `directory` can be used; what cannot is replaced
 */
export async function fillDirectory(
  directory: string,
  fill: (work: string) => Promise<void>,
  isWhole: () => boolean,
): Promise<void> {
  const work = createWorkDirectory(dirname(directory));
  try {
    await fill(work);
    commit(work, directory, isWhole);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function createWorkDirectory(parent: string): string {
  try {
    mkdirSync(parent, { recursive: true });
    removeAbandoned(parent);
    return mkdtempSync(join(parent, WORK));
  } catch (cause) {
    throw ioError("create a directory in data.cache_dir", parent, cause);
  }
}

function commit(work: string, directory: string, isWhole: () => boolean): void {
  try {
    syncDirectory(work);
    if (!rename(work, directory) && !isWhole()) {
      // Moved into the work directory, the damaged one is deleted along with it.
      const whole = `${work}-whole`;
      renameSync(work, whole);
      mkdirSync(work);
      renameSync(directory, join(work, "damaged"));
      renameSync(whole, directory);
    }
    syncDirectory(dirname(directory));
  } catch (cause) {
    throw ioError("write", directory, cause);
  }
}

/** False when there is a directory of that name already. */
function rename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** Deletes what killed processes left behind: nothing has been written there for a day. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    if (name.startsWith(WORK) && Date.now() - lastWrite(path) > ABANDONED_AFTER_MS)
      rmSync(path, { recursive: true, force: true });
  }
}

/** Another process may delete the directory meanwhile; then there is nothing to do, as if it were new. */
function lastWrite(directory: string): number {
  try {
    const paths = [directory, ...readdirSync(directory).map((name) => join(directory, name))];
    return Math.max(...paths.map((path) => statSync(path).mtimeMs));
  } catch {
    return Date.now();
  }
}
