import { writeSync } from "node:fs";

/** Appends all of `data` to an open file: writeSync alone may write a part on a full disk and say nothing. */
export function writeAll(file: number, data: Uint8Array): void {
  for (let written = 0; written < data.length; )
    written += writeSync(file, data, written, data.length - written);
}
