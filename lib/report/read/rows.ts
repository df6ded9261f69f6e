import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** The rows of a JSONL file, one at a time, so that a long run need not fit into one string. */
export async function* rowsOf(path: string): AsyncGenerator<unknown, void> {
  const lines = createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Infinity });
  for await (const line of lines) {
    try {
      yield JSON.parse(line);
    } catch {
      // A crash cut this line off.
    }
  }
}
