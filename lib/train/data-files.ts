import { existsSync, readFileSync } from "node:fs";
import type { DataFile } from "../data/types.ts";
import { parseOrUndefined } from "../json.ts";
import type { RunDirectory } from "./run-directory.ts";

/** Files that are named when several have changed. */
const NAMED = 5;

/** Notes in the run's directory what its data were made of. */
export function writeDataFiles(directory: RunDirectory, files: readonly DataFile[]): void {
  directory.write(directory.data_files, `${JSON.stringify(files, null, 1)}\n`);
}

/** How the files differ from those that the run was started with, one sentence each; nothing where that is not known. */
export function changedDataFiles(directory: RunDirectory, files: readonly DataFile[]): string[] {
  if (!existsSync(directory.data_files)) return [];
  const noted = parseOrUndefined(readFileSync(directory.data_files, "utf8"));
  if (!Array.isArray(noted)) return [];
  const before = byPath(noted as DataFile[]);
  const after = byPath(files);
  const changes: string[] = [];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(path), after.get(path)];
    if (was === undefined) changes.push(`${path} is new`);
    else if (is === undefined) changes.push(`${path} is no longer there`);
    else if (was.size !== is.size)
      changes.push(`${path} had ${was.size} bytes, now has ${is.size}`);
    else if (was.mtime_ns !== is.mtime_ns) changes.push(`${path} has been written to`);
  }
  const more = changes.length - NAMED;
  return more > 0 ? [...changes.slice(0, NAMED), `and ${more} more files`] : changes;
}

function byPath(files: readonly DataFile[]): Map<string, DataFile> {
  return new Map(files.map((file) => [file.path, file]));
}
