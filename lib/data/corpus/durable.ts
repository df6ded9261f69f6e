import { closeSync, fsyncSync, openSync, writeFileSync } from "node:fs";

/** Writes a new file and waits until it has reached the disk. */
export function writeDurably(path: string, content: string | Uint8Array): void {
  const file = openSync(path, "wx");
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
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
