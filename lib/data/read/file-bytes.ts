import { createReadStream } from "node:fs";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { FlmError, ioError } from "../../errors.ts";
import type { SourceFile } from "./source-files.ts";

const CHUNK_BYTES = 1 << 18;

/**
 * The file's content in pieces, decompressed where it is compressed. Stopping early closes the file.
 *
 * @throws FlmError DATA_INVALID for damaged gzip, IO when the file cannot be read
 */
export async function* fileBytes(file: SourceFile): AsyncGenerator<Buffer> {
  const raw = createReadStream(file.path, { highWaterMark: CHUNK_BYTES });
  const chunks: Readable = file.gzip
    ? // The callback is empty because the error also ends the loop below.
      pipeline(raw, createGunzip({ chunkSize: CHUNK_BYTES }), () => {})
    : raw;
  try {
    for await (const chunk of chunks) yield chunk as Buffer;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    if (!code.startsWith("Z_")) throw ioError("read", file.path, cause);
    const reason = code === "Z_BUF_ERROR" ? "it ends in the middle" : (cause as Error).message;
    throw new FlmError("DATA_INVALID", `${file.path} is damaged gzip: ${reason}`, {
      hint: "fetch the file again, or leave it out with a narrower data.sources[].path",
      cause,
    });
  }
}
