import { FlmError } from "../errors.ts";
import type { FileHash } from "../native/types.ts";

export type HashFile = (path: string) => Promise<FileHash>;
/** Of each path, in their order. */
export type HashFiles = (paths: readonly string[]) => Promise<FileHash[]>;

/** One file after the other. */
export function hashHere(hashFile: HashFile): HashFiles {
  return async (paths) => {
    const hashes: FileHash[] = [];
    for (const path of paths) hashes.push(await hashFile(path));
    return hashes;
  };
}

/** Ranks that wait for each other. */
export interface Team {
  readonly rank: number;
  /** The values of the first `count` ranks, by rank. */
  gather<T>(key: string, value: T, count: number): Promise<T[]>;
}

/**
 * Runs `search` on rank 0 of the first `size` ranks; what it has hashed, all of them hash, each a share of the files. One
 * rank alone would take minutes for the terabytes of a large model.
 *
 * @returns what `search` does; null on the other ranks
 */
export async function searchTogether<T>(
  team: Team,
  size: number,
  hashFile: HashFile,
  search: (hashFiles: HashFiles) => Promise<T>,
): Promise<T | null> {
  /** What all ranks have found; null where nothing is left to hash. */
  const hashShares = async (wanted: readonly string[] | null) => {
    const [paths = null] = await team.gather("hash/files", wanted, size);
    return paths && team.gather("hash/shares", await share(paths), size);
  };
  /** A file that cannot be read here says something about the checkpoint, and does not end the run. */
  const share = async (paths: readonly string[]): Promise<(FileHash | string)[]> => {
    const found: (FileHash | string)[] = [];
    for (let i = team.rank; i < paths.length; i += size)
      found.push(
        await hashFile(paths[i]!).catch((error: unknown) =>
          error instanceof Error ? error.message : String(error),
        ),
      );
    return found;
  };
  if (team.rank > 0) {
    while ((await hashShares(null)) !== null);
    return null;
  }
  const found = await search(async (paths) => {
    const shares = (await hashShares(paths))!;
    return paths.map((_, i) => {
      const hash = shares[i % size]![Math.floor(i / size)]!;
      if (typeof hash === "string") throw new FlmError("IO", hash);
      return hash;
    });
  });
  await hashShares(null);
  return found;
}
