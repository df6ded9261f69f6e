/**
 * The token file format, as native/data/token_file.h states it: 64 bytes of header, tokens, zeros up to a multiple
 * of 8, and the token index at which each document starts, with the number of tokens behind the last.
 */
export const HEADER_BYTES = 64;
export const MAGIC = "FLMTOK1\0";
export const VERSION = 1;

export interface TokenFileHeader {
  readonly bytes_per_token: 2 | 4;
  readonly tokens: number;
  readonly documents: number;
}

export function encodeHeader({ bytes_per_token, tokens, documents }: TokenFileHeader): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, "latin1");
  header.writeUInt32LE(bytes_per_token, 8);
  header.writeUInt32LE(VERSION, 12);
  header.writeBigUInt64LE(BigInt(tokens), 16);
  header.writeBigUInt64LE(BigInt(documents), 24);
  return header;
}

/** Null when these are not the first bytes of a token file. */
export function decodeHeader(header: Buffer): TokenFileHeader | null {
  if (header.length < HEADER_BYTES || header.toString("latin1", 0, 8) !== MAGIC) return null;
  const bytes_per_token = header.readUInt32LE(8);
  if (header.readUInt32LE(12) !== VERSION || (bytes_per_token !== 2 && bytes_per_token !== 4))
    return null;
  const tokens = Number(header.readBigUInt64LE(16));
  const documents = Number(header.readBigUInt64LE(24));
  return { bytes_per_token, tokens, documents };
}

/** Where the document starts lie. */
export function startsOffset({ bytes_per_token, tokens }: TokenFileHeader): number {
  return HEADER_BYTES + Math.ceil((tokens * bytes_per_token) / 8) * 8;
}

export function fileBytes(header: TokenFileHeader): number {
  return startsOffset(header) + 8 * (header.documents + 1);
}
