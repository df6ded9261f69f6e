import { FlmError } from "../../errors.ts";
import { type Document, MAX_DOCUMENT_BYTES, tooLarge } from "./document.ts";
import { fileBytes } from "./file-bytes.ts";
import type { SourceFile } from "./source-files.ts";
import { toUtf8 } from "./utf8.ts";

/** Above this share of unreadable characters a file is not text with a few bad bytes, but something else. */
const MAX_REPLACED = 0.1;

/** The whole file as one document; an empty file is none. */
export async function* readTextFile(file: SourceFile): AsyncGenerator<Document> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of fileBytes(file)) {
    size += chunk.length;
    if (size > MAX_DOCUMENT_BYTES) throw tooLarge(file.path);
    chunks.push(chunk);
  }
  const { bytes, replaced } = toUtf8(Buffer.concat(chunks));
  if (replaced > MAX_REPLACED)
    throw new FlmError(
      "DATA_INVALID",
      `${file.path} is not UTF-8 text: ${Math.round(100 * replaced)} % of its characters cannot be read`,
      { hint: "convert it to UTF-8, or leave it out with a narrower data.sources[].path" },
    );
  if (bytes.length > 0)
    yield { text: bytes, repaired: replaced > 0 ? file.path : null, parts: null };
}
