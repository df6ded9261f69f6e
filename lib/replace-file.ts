import { renameSync, rmSync, writeFileSync } from "node:fs";
import { ioError } from "./errors.ts";

/** Writes a small file so that it is there whole or not at all, in place of the one of that name. @throws FlmError IO */
export function replaceFile(path: string, text: string): void {
  const part = `${path}.tmp`;
  try {
    writeFileSync(part, text);
    renameSync(part, path);
  } catch (cause) {
    discard(part);
    throw ioError("write", path, cause);
  }
}

function discard(part: string): void {
  try {
    rmSync(part, { force: true });
  } catch {
    // The failure that led here is the one to tell of.
  }
}
