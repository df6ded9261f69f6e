import { FlmError } from "../../errors.ts";
import { type Document, MAX_DOCUMENT_BYTES, tooLarge } from "./document.ts";
import { fileBytes } from "./file-bytes.ts";
import { type Line, splitLines } from "./lines.ts";
import type { SourceFile } from "./source-files.ts";
import { toUtf8 } from "./utf8.ts";

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * One document for each line: the text in `field` of its JSON object. Blank lines and empty texts are none.
 *
 * @throws FlmError DATA_INVALID, naming file and line
 */
export async function* readJsonlFile(file: SourceFile, field: string): AsyncGenerator<Document> {
  for await (const line of splitLines(fileBytes(file), MAX_DOCUMENT_BYTES)) {
    const where = `${file.path}:${line.number}`;
    if (line.bytes === null) throw tooLarge(where);
    const document = readLine(line.bytes, field, where);
    if (document) yield document;
  }
}

function readLine(raw: NonNullable<Line["bytes"]>, field: string, where: string): Document | null {
  const { bytes, replaced } = toUtf8(raw);
  const json = bytes.toString();
  if (json.trim() === "") return null;
  const text = textOf(parse(json, where), field, where);
  if (text === "") return null;
  return { text: Buffer.from(text), repaired: replaced > 0 || LONE_SURROGATE.test(text) };
}

function parse(json: string, where: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new FlmError("DATA_INVALID", `${where} is not JSON: ${(cause as Error).message}`, {
      hint: "every line must be one JSON object; for plain text set data.sources[].format to text",
      cause,
    });
  }
}

function textOf(value: unknown, field: string, where: string): string {
  const object = kindOf(value) === "object" ? (value as Record<string, unknown>) : null;
  if (object === null)
    throw new FlmError("DATA_INVALID", `${where} holds ${kindOf(value)}, not an object`, {
      hint: `every line must be an object with its text in the field "${field}"`,
    });
  const text = Object.hasOwn(object, field) ? object[field] : undefined;
  if (typeof text === "string") return text;
  const problem = text === undefined ? "is missing" : `holds ${kindOf(text)}, not a string`;
  const fields = Object.keys(object).slice(0, 8).join(", ");
  throw new FlmError("DATA_INVALID", `${where}: field "${field}" ${problem}`, {
    hint: `set data.sources[].field; this line has the fields: ${fields || "none"}`,
  });
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
