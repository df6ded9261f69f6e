import { FlmError } from "../../errors.ts";
import { type Document, MAX_DOCUMENT_BYTES, tooLarge } from "./document.ts";
import { fileBytes } from "./file-bytes.ts";
import type { SourceFile } from "./source-files.ts";
import { controlShare, isUtf32, toUtf8 } from "./utf8.ts";

/** Above this share of unreadable characters a file is not text with a few bad bytes, but something else. */
const MAX_UNREADABLE = 0.1;

/** The whole file as one document; an empty file is none. */
export async function* readTextFile(file: SourceFile): AsyncGenerator<Document> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of fileBytes(file)) {
    size += chunk.length;
    if (size > MAX_DOCUMENT_BYTES) throw tooLarge(file.path);
    chunks.push(chunk);
  }
  const raw = Buffer.concat(chunks);
  if (isUtf32(raw)) throw notText(file.path, "it is UTF-32");
  const { bytes, replaced } = toUtf8(raw);
  // UTF-16 without a byte order mark is well-formed UTF-8, of which every second character is one of these.
  const unreadable = replaced + controlShare(bytes);
  if (unreadable > MAX_UNREADABLE)
    throw notText(file.path, `${Math.round(100 * unreadable)} % of its characters cannot be read`);
  if (bytes.length > 0)
    yield { text: bytes, repaired: replaced > 0 ? file.path : null, parts: null };
}

function notText(path: string, reason: string): FlmError {
  return new FlmError("DATA_INVALID", `${path} is not UTF-8 text: ${reason}`, {
    hint: "convert it to UTF-8 (UTF-16 needs a byte order mark), or leave it out with a narrower data.sources[].path",
  });
}
