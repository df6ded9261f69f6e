import { mkdirSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FlmError } from "../../errors.ts";
import { cacheError } from "./cache-error.ts";
import { syncDirectory } from "./durable.ts";
import { WorkDirectory } from "./work-directory.ts";

/** After these, what has been made so far is worth to go on with; after others the next call begins anew. */
const RESUMABLE: readonly string[] = ["CANCELLED", "IO"];

/**
 * Makes `directory` by calling `fill` with a directory beside it, which gets the name by one rename once all of it has
 * reached the disk. Where an earlier call was cancelled or killed, `fill` finds what that one left. Processes that fill
 * the same directory at the same time do not disturb each other: the first to finish gives it its name, and the others
 * drop what they have.
 *
 * @param isWhole tells whether what stands at `directory` can be used; what cannot is replaced
 */
export async function fillDirectory(
  directory: string,
  fill: (work: string) => Promise<void>,
  isWhole: () => boolean,
): Promise<void> {
  const work = WorkDirectory.take(dirname(directory), basename(directory));
  try {
    await fill(work.path);
    commit(work.path, directory, isWhole);
  } catch (error) {
    if (error instanceof FlmError && RESUMABLE.includes(error.code)) work.release();
    else work.remove();
    throw error;
  }
  work.remove();
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
    throw cacheError("write", directory, cause);
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
