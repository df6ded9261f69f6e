import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { AppendFile } from "./append-file.ts";
import { cacheError } from "./cache-error.ts";
import { orClose } from "./or-close.ts";
import { encodeHeader, HEADER_BYTES, startsOffset, type TokenFileHeader } from "./token-file.ts";

/** How much of a token file is there. */
export interface TokenFileProgress {
  readonly tokens: number;
  readonly documents: number;
}

/**
 * Writes a token file from front to back. It is complete only after `finish`, and must be closed in any case. The ends
 * of the documents, which stand behind the tokens, wait in a file beside it until then.
 */
export class TokenFileWriter {
  readonly #file: AppendFile;
  readonly #ends: AppendFile;
  readonly #bytes_per_token: 2 | 4;
  readonly #eos_id: number;
  #tokens: number;
  #documents: number;
  #isFinished = false;

  private constructor(
    [file, ends]: readonly [AppendFile, AppendFile],
    vocab_size: number,
    eos_id: number,
    { tokens, documents }: TokenFileProgress,
  ) {
    this.#file = file;
    this.#ends = ends;
    this.#bytes_per_token = bytesPerToken(vocab_size);
    this.#eos_id = eos_id;
    this.#tokens = tokens;
    this.#documents = documents;
  }

  /** @throws FlmError IO, also when there is such a file already */
  static async create(path: string, vocab_size: number, eos_id: number): Promise<TokenFileWriter> {
    const file = await AppendFile.create(path);
    return orClose(file, async () => {
      await file.append(new Uint8Array(HEADER_BYTES));
      const ends = await AppendFile.create(endsPath(path));
      return new TokenFileWriter([file, ends], vocab_size, eos_id, { tokens: 0, documents: 0 });
    });
  }

  /** Goes on with a file that was closed, or left by a killed process, after `progress` had reached the disk. */
  static async resume(
    path: string,
    vocab_size: number,
    eos_id: number,
    progress: TokenFileProgress,
  ): Promise<TokenFileWriter> {
    const bytes = HEADER_BYTES + progress.tokens * bytesPerToken(vocab_size);
    const file = await AppendFile.reopen(path, bytes);
    return orClose(file, async () => {
      const ends = await AppendFile.reopen(endsPath(path), 8 * progress.documents);
      return new TokenFileWriter([file, ends], vocab_size, eos_id, progress);
    });
  }

  get path(): string {
    return this.#file.path;
  }

  get progress(): TokenFileProgress {
    return { tokens: this.#tokens, documents: this.#documents };
  }

  /** Appends documents and the token that ends each of them. */
  async append(documents: readonly Uint32Array[]): Promise<void> {
    const size = documents.reduce((sum, { length }) => sum + length + 1, 0);
    const tokens = this.#bytes_per_token === 2 ? new Uint16Array(size) : new Uint32Array(size);
    const ends = new BigUint64Array(documents.length);
    let at = 0;
    for (const [i, ids] of documents.entries()) {
      tokens.set(ids, at);
      at += ids.length;
      tokens[at++] = this.#eos_id;
      ends[i] = BigInt(this.#tokens + at);
    }
    await this.#file.append(new Uint8Array(tokens.buffer));
    await this.#ends.append(new Uint8Array(ends.buffer));
    this.#tokens += size;
    this.#documents += documents.length;
  }

  /** Waits until what has been appended has reached the disk. */
  async sync(): Promise<void> {
    await this.#file.sync();
    await this.#ends.sync();
  }

  /** Writes what stands around the tokens, and waits until all of it has reached the disk. */
  async finish(): Promise<void> {
    const header: TokenFileHeader = {
      bytes_per_token: this.#bytes_per_token,
      tokens: this.#tokens,
      documents: this.#documents,
    };
    // The first document starts at 0, the others where the one before ends.
    await this.#file.append(new Uint8Array(startsOffset(header) + 8 - this.#file.bytes));
    for await (const chunk of createReadStream(this.#ends.path)) await this.#file.append(chunk);
    await writeAtFront(this.path, encodeHeader(header));
    this.#isFinished = true;
  }

  /** What is not finished can be resumed. */
  async close(): Promise<void> {
    await this.#file.close();
    await this.#ends.close();
    if (this.#isFinished) await rm(this.#ends.path, { force: true });
  }
}

/** The file beside a token file that holds the ends of its documents while it is being written. */
export function endsPath(path: string): string {
  return `${path}.ends`;
}

function bytesPerToken(vocab_size: number): 2 | 4 {
  return vocab_size <= 2 ** 16 ? 2 : 4;
}

/** A file that is open for appending cannot be written to anywhere else. Waits until the disk has all of it. */
async function writeAtFront(path: string, bytes: Uint8Array): Promise<void> {
  try {
    const file = await open(path, "r+");
    try {
      await file.write(bytes, 0, bytes.length, 0);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw cacheError("write the token file", path, cause);
  }
}
