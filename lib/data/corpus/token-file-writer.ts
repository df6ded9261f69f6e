import { type FileHandle, open } from "node:fs/promises";
import { ioError } from "../../errors.ts";
import { encodeHeader, HEADER_BYTES, startsOffset, type TokenFileHeader } from "./token-file.ts";

/** Writes a token file from front to back. It is complete only after `finish`, and must be closed in any case. */
export class TokenFileWriter {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #bytes_per_token: 2 | 4;
  readonly #eos_id: number;
  #tokens = 0;
  #documents = 0;
  /** Ends of the documents; 8 bytes each, the one thing that grows with the corpus. */
  #ends = new BigUint64Array(1024);

  private constructor(path: string, file: FileHandle, vocab_size: number, eos_id: number) {
    this.path = path;
    this.#file = file;
    this.#bytes_per_token = vocab_size <= 2 ** 16 ? 2 : 4;
    this.#eos_id = eos_id;
  }

  static async create(path: string, vocab_size: number, eos_id: number): Promise<TokenFileWriter> {
    const file = await attempt(path, () => open(path, "wx"));
    await attempt(path, () => file.writeFile(Buffer.alloc(HEADER_BYTES)));
    return new TokenFileWriter(path, file, vocab_size, eos_id);
  }

  /** Appends documents and the token that ends each of them. */
  async append(documents: readonly Uint32Array[]): Promise<void> {
    const size = documents.reduce((sum, { length }) => sum + length + 1, 0);
    const tokens = this.#bytes_per_token === 2 ? new Uint16Array(size) : new Uint32Array(size);
    let at = 0;
    for (const ids of documents) {
      tokens.set(ids, at);
      at += ids.length;
      tokens[at++] = this.#eos_id;
      this.#addEnd(this.#tokens + at);
    }
    this.#tokens += size;
    await attempt(this.path, () => this.#file.writeFile(new Uint8Array(tokens.buffer)));
  }

  /** Writes what stands around the tokens, and waits until all of it has reached the disk. */
  async finish(): Promise<void> {
    const header: TokenFileHeader = {
      bytes_per_token: this.#bytes_per_token,
      tokens: this.#tokens,
      documents: this.#documents,
    };
    const padding = startsOffset(header) - HEADER_BYTES - this.#tokens * this.#bytes_per_token;
    const ends = new Uint8Array(this.#ends.buffer, 0, 8 * this.#documents);
    await attempt(this.path, async () => {
      // The first document starts at 0, the others where the one before ends.
      await this.#file.writeFile(Buffer.alloc(padding + 8));
      await this.#file.writeFile(ends);
      await this.#file.write(encodeHeader(header), 0, HEADER_BYTES, 0);
      await this.#file.sync();
    });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #addEnd(end: number): void {
    if (this.#documents === this.#ends.length) {
      const larger = new BigUint64Array(2 * this.#documents);
      larger.set(this.#ends);
      this.#ends = larger;
    }
    this.#ends[this.#documents++] = BigInt(end);
  }
}

async function attempt<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    throw ioError("write the token file", path, cause);
  }
}
