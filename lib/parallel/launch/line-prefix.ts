import type { Readable, Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** A line without end is cut here, so that a rank that prints no newline costs no memory. */
const LONGEST_LINE = 8192;

/**
 * Copies `from` to `to` line by line, each behind `prefix`, so that lines of several ranks never mix.
 *
 * @param onLine sees every line, without the prefix
 */
export function prefixLines(
  from: Readable,
  to: Writable,
  prefix: string,
  onLine: (line: string) => void,
): void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const emit = (line: string) => {
    onLine(line);
    to.write(`${prefix}${line}\n`);
  };
  const take = (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop()!;
    lines.forEach(emit);
    if (rest.length > LONGEST_LINE) {
      emit(rest);
      rest = "";
    }
  };
  from.on("data", (chunk: Buffer) => take(decoder.write(chunk)));
  from.on("end", () => {
    take(decoder.end());
    if (rest !== "") emit(rest);
  });
}
