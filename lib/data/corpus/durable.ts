import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Writes a new file and waits until it has reached the disk. */
function writeDurably(path: string, content: string | Uint8Array): void {
  const file = openSync(path, "wx");
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Writes a file that is there whole or not at all, in place of the one of that name; waits until the disk has it. */
export function replaceDurably(path: string, content: string | Uint8Array): void {
  const part = `${path}.part`;
  rmSync(part, { force: true });
  writeDurably(part, content);
  renameSync(part, path);
  syncDirectory(dirname(path));
}

/** Waits until the names in a directory have reached the disk. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
