import { closeSync, openSync, readSync } from "node:fs";

const CHUNK_BYTES = 1 << 20;
const LINE_FEED = 0x0a;

/** The lines of a file without their ends. Holds one line and one chunk at a time: the file may be of any size. */
export function* linesOf(path: string, chunk_bytes = CHUNK_BYTES): Generator<string, void> {
  const file = openSync(path, "r");
  try {
    /** The running line, as far as the chunks before have it. */
    let begun: Buffer[] = [];
    const chunk = Buffer.alloc(chunk_bytes);
    for (let size = 1; size > 0;) {
      size = readSync(file, chunk);
      let begin = 0;
      for (let end; (end = chunk.indexOf(LINE_FEED, begin)) >= 0 && end < size; begin = end + 1) {
        yield Buffer.concat([...begun, chunk.subarray(begin, end)]).toString();
        begun = [];
      }
      if (begin < size) begun.push(Buffer.from(chunk.subarray(begin, size)));
    }
    if (begun.length > 0) yield Buffer.concat(begun).toString();
  } finally {
    closeSync(file);
  }
}
