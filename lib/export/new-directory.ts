import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FlmError, ioError } from "../errors.ts";
import { makeDirectory } from "../make-directory.ts";

/** Refuses a directory that holds something: what lies there is somebody's. @throws FlmError USAGE or IO */
export function refuseOccupied(path: string): void {
  let names: string[];
  try {
    if (!existsSync(path)) return;
    names = readdirSync(path);
  } catch (cause) {
    throw ioError("write into", path, cause);
  }
  if (names.length > 0)
    throw new FlmError("USAGE", `${path} exists and is not empty`, {
      hint: "choose another directory with --out, or empty that one",
    });
}

/**
 * Makes a directory that is there whole or not at all: `fill` writes into another one beside it, which gets its name.
 *
 * @throws FlmError USAGE where there is something already, IO
 */
export async function createDirectory(
  path: string,
  fill: (partial: string) => Promise<void>,
): Promise<void> {
  refuseOccupied(path);
  const partial = join(dirname(path), `.${basename(path)}.partial-${process.pid}`);
  try {
    rmSync(partial, { recursive: true, force: true });
    makeDirectory(partial);
    await fill(partial);
    if (existsSync(path)) rmdirSync(path);
    renameSync(partial, path);
  } catch (error) {
    throw error instanceof FlmError ? error : ioError("write", path, error);
  } finally {
    abandon(partial);
  }
}

function abandon(partial: string): void {
  try {
    rmSync(partial, { recursive: true, force: true });
  } catch {
    // The failure that led here is the one to tell of.
  }
}
