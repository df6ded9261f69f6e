import { createReadStream, type ReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { FlmError, ioError } from "../../errors.ts";
import type { SourceFile } from "./source-files.ts";
import { unzstd } from "./zstd.ts";

const CHUNK_BYTES = 1 << 18;
/** How the two decompressors say that the input is too short. */
const ENDS_EARLY = new Set<unknown>(["Z_BUF_ERROR", 5]);

/**
 * The file's content in pieces, decompressed where it is compressed. Stopping early closes the file.
 *
 * @throws FlmError DATA_INVALID for damaged gzip or Zstandard, IO when the file cannot be read
 */
export async function* fileBytes(file: SourceFile): AsyncGenerator<Buffer> {
  const raw = createReadStream(file.path, { highWaterMark: CHUNK_BYTES });
  try {
    yield* decompressed(raw, file);
  } catch (cause) {
    const { code, syscall, message } = cause as NodeJS.ErrnoException;
    if (syscall !== undefined || file.compression === "none")
      throw ioError("read", file.path, cause);
    if (cause instanceof FlmError)
      throw new FlmError(cause.code, `${file.path} cannot be read: ${cause.message}`, {
        hint: cause.hint,
        cause,
      });
    const reason = ENDS_EARLY.has(code) ? "it ends in the middle" : message;
    throw new FlmError(
      "DATA_INVALID",
      `${file.path} is damaged ${file.compression}: ${reason}, within its first ${raw.bytesRead} bytes`,
      { hint: "fetch the file again, or leave it out with a narrower data.sources[].path", cause },
    );
  } finally {
    raw.destroy();
  }
}

function decompressed(raw: ReadStream, { compression }: SourceFile): AsyncIterable<Buffer> {
  if (compression === "none") return raw;
  if (compression === "zstd") return unzstd(raw);
  // The callback is empty because the error also ends the reading of the result.
  return pipeline(raw, createGunzip({ chunkSize: CHUNK_BYTES }), () => {});
}
