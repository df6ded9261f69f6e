import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FlmError, ioError } from "../errors.ts";
import type { NativeEngine } from "../native/types.ts";

const ELSEWHERE = "set TMPDIR to another directory";

interface OpenFiles {
  engine: Pick<NativeEngine, "openTokenFiles">;
  /** The token files that the engine has open; they are open again afterwards. */
  files: readonly string[];
}

/**
 * Lets an engine read a token file of one's own, behind those that it has open. The file has no name any more while it is
 * used, so that it goes with this process, however that ends.
 *
 * @param write makes the file; what it gives is handed on
 */
export async function withTokenFile<Written, Result>(
  { engine, files }: OpenFiles,
  write: (path: string) => Promise<Written>,
  use: (written: Written) => Promise<Result>,
): Promise<Result> {
  const written = await openWritten({ engine, files }, write);
  const result = await use(written).catch(async (error: unknown) => {
    // An engine that a fault has stopped opens nothing any more; what stopped it is the error to hear of.
    await engine.openTokenFiles(files).catch(() => {});
    throw error;
  });
  await engine.openTokenFiles(files);
  return result;
}

async function openWritten<Written>(
  { engine, files }: OpenFiles,
  write: (path: string) => Promise<Written>,
): Promise<Written> {
  const directory = await mkdtemp(join(tmpdir(), "flm-train-eval-")).catch((cause: unknown) => {
    throw ioError("make a directory for temporary files (TMPDIR) in", tmpdir(), cause, ELSEWHERE);
  });
  try {
    const path = join(directory, "own.tok");
    const written = await write(path);
    await engine.openTokenFiles([...files, path]);
    return written;
  } catch (error) {
    // What makes token files takes them all for those of data.cache_dir.
    const isOurs = error instanceof FlmError && error.message.includes(directory);
    if (!isOurs || error.code !== "IO") throw error;
    throw new FlmError("IO", error.message, {
      hint: `free space there or ${ELSEWHERE}`,
      cause: error,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
