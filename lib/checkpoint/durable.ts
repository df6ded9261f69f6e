import { closeSync, fsyncSync, openSync, writeFileSync } from "node:fs";

/** Writes a file and waits until it has reached the disk. `flags` are those of `openSync`. */
export function writeDurably(path: string, text: string, flags = "w"): void {
  const file = openSync(path, flags);
  try {
    // Not writeSync, which on a full disk may write a part and say nothing.
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Waits until the names in a directory have reached the disk. */
export function fsyncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
