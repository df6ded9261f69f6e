import { type FileHandle, open } from "node:fs/promises";
import { FlmError } from "../../errors.ts";
import { cacheError } from "./cache-error.ts";
import { orClose } from "./or-close.ts";

/** A file that grows at its end, of which a first part may be known to be good from an earlier attempt. */
export class AppendFile {
  readonly path: string;
  readonly #file: FileHandle;
  #bytes: number;

  private constructor(path: string, file: FileHandle, bytes: number) {
    this.path = path;
    this.#file = file;
    this.#bytes = bytes;
  }

  /** @throws FlmError IO, also when there is such a file already */
  static async create(path: string): Promise<AppendFile> {
    return attempt(path, async () => new AppendFile(path, await open(path, "ax"), 0));
  }

  /**
   * Keeps the first `bytes` of the file and drops what follows.
   *
   * @throws FlmError DATA_INVALID when there are fewer; IO
   */
  static async reopen(path: string, bytes: number): Promise<AppendFile> {
    const file = await attempt(path, () => open(path, "a"));
    return orClose(file, async () => {
      const { size } = await attempt(path, () => file.stat());
      if (size < bytes) throw lost(path, size, bytes);
      await attempt(path, () => file.truncate(bytes));
      return new AppendFile(path, file, bytes);
    });
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await attempt(this.path, () => this.#file.writeFile(bytes));
    this.#bytes += bytes.length;
  }

  /** Waits until all of it has reached the disk. */
  async sync(): Promise<void> {
    await attempt(this.path, () => this.#file.sync());
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function lost(path: string, size: number, bytes: number): FlmError {
  return new FlmError(
    "DATA_INVALID",
    `${path} has ${size} of the ${bytes} bytes that an interrupted call had written`,
    { hint: "run the same command again: it begins anew" },
  );
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cacheError("write", path, cause);
  }
}
