import { FlmError } from "../../errors.ts";
import { printable } from "../../format.ts";
import { MAX_DOCUMENT_BYTES, tooLarge } from "./document.ts";
import { fileBytes } from "./file-bytes.ts";
import { type Line, splitLines } from "./lines.ts";
import { kindOf, type Row } from "./row.ts";
import type { SourceFile } from "./source-files.ts";
import { isUtf16, toUtf8 } from "./utf8.ts";

/**
 * The JSON object of each line, or what is wrong with it, naming file and line. Blank lines are none.
 *
 * @throws FlmError DATA_INVALID for UTF-16; what `fileBytes` throws
 */
export async function* readJsonlFile(file: SourceFile): AsyncGenerator<Row | FlmError> {
  for await (const line of splitLines(fileBytes(file), MAX_DOCUMENT_BYTES)) {
    const where = `${file.path}:${line.number}`;
    if (line.bytes === null) {
      yield tooLarge(where);
      continue;
    }
    if (line.number === 1 && isUtf16(line.bytes))
      throw new FlmError("DATA_INVALID", `${file.path} is UTF-16, not UTF-8`, {
        hint: "convert it, for instance with: iconv -f UTF-16 -t UTF-8",
      });
    const row = readLine(line.bytes, where);
    if (row) yield row;
  }
}

function readLine(raw: NonNullable<Line["bytes"]>, where: string): Row | FlmError | null {
  const { bytes, replaced } = toUtf8(raw);
  const json = bytes.toString();
  if (json.trim() === "") return null;
  const value = parse(json, where);
  if (value instanceof FlmError) return value;
  if (kindOf(value) !== "object")
    return new FlmError("DATA_INVALID", `${where} holds ${kindOf(value)}, not an object`, {
      hint: "every line must be one JSON object",
    });
  return { fields: value as Record<string, unknown>, where, repaired: replaced > 0 };
}

function parse(json: string, where: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    // It quotes the line.
    const problem = printable((cause as Error).message);
    return new FlmError("DATA_INVALID", `${where} is not JSON: ${problem}`, {
      hint: "every line must be one JSON object; for plain text set data.sources[].format to text",
      cause,
    });
  }
}
