import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import {
  decodeHeader,
  fileBytes,
  HEADER_BYTES,
  startsOffset,
  type TokenFileHeader,
} from "./token-file.ts";

/** Where the documents of a token file lie. 8 bytes of memory a document. */
export class DocumentIndex {
  readonly tokens: number;
  /** Documents in the file. */
  readonly count: number;
  /** Low and high half of each start: a read costs a tenth of one of a BigInt. */
  readonly #starts: Uint32Array;

  constructor(tokens: number, starts: BigUint64Array) {
    this.tokens = tokens;
    this.count = starts.length - 1;
    this.#starts = new Uint32Array(starts.buffer, starts.byteOffset, 2 * starts.length);
  }

  /** Token at which document `i` starts. */
  start(i: number): number {
    return this.#starts[2 * i]! + 2 ** 32 * this.#starts[2 * i + 1]!;
  }

  /** Tokens of document `i`, with the one that ends it. */
  length(i: number): number {
    return this.start(i + 1) - this.start(i);
  }
}

/** Null when `path` is no whole token file. @throws Node's error when it cannot be read */
export function readDocumentIndex(path: string): DocumentIndex | null {
  return withTokenFile(path, (file, header) => {
    const starts = new BigUint64Array(header.documents + 1);
    readFully(file, new Uint8Array(starts.buffer), startsOffset(header));
    return new DocumentIndex(header.tokens, starts);
  });
}

/** At most `count` tokens of a file from token `start` on. Null when `path` is no whole token file. */
export function readTokens(
  path: string,
  count: number,
  start = 0,
): Uint16Array | Uint32Array | null {
  return withTokenFile(path, (file, header) => {
    const length = Math.min(count, header.tokens - start);
    const tokens = header.bytes_per_token === 2 ? new Uint16Array(length) : new Uint32Array(length);
    readFully(file, new Uint8Array(tokens.buffer), HEADER_BYTES + start * header.bytes_per_token);
    return tokens;
  });
}

function withTokenFile<T>(
  path: string,
  read: (file: number, header: TokenFileHeader) => T,
): T | null {
  const file = openSync(path, "r");
  try {
    const first = Buffer.alloc(HEADER_BYTES);
    const header = decodeHeader(first.subarray(0, readSync(file, first, 0, HEADER_BYTES, 0)));
    const isWhole = header !== null && fileBytes(header) === fstatSync(file).size;
    return isWhole ? read(file, header) : null;
  } finally {
    closeSync(file);
  }
}

/** One read of the system gives at most 2 GiB. */
function readFully(file: number, into: Uint8Array, position: number): void {
  for (let at = 0; at < into.length;) {
    const length = Math.min(into.length - at, 1 << 30);
    const got = readSync(file, into, at, length, position + at);
    if (got === 0) throw new Error(`the file ended at byte ${position + at}`);
    at += got;
  }
}
