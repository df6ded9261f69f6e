/** Zstandard frames of blocks, for tests, as no package that they have writes it. */

import { unzstd } from "../../../../lib/data/read/zstd.ts";
import { collect } from "../support.ts";

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

interface Header {
  /** Its descriptor; without it, the content's size is the window. */
  window?: number;
  contentSize?: number;
  dictionary?: number;
  hasChecksum?: boolean;
}

type Block =
  | { type: "raw" | "compressed"; bytes: Uint8Array }
  | { type: "rle"; byte: string; size: number }
  | { type: "reserved" };

/** A frame; its checksum, which nobody verifies, is zero. */
export function frame(header: Header, ...blocks: Block[]): Buffer {
  const parts = blocks.map((block, i) => blockBytes(block, i === blocks.length - 1));
  const checksum = Buffer.alloc(header.hasChecksum ? 4 : 0);
  return Buffer.concat([headerBytes(header), ...parts, checksum]);
}

export const raw = (text: string): Block => ({ type: "raw", bytes: Buffer.from(text) });
export const rle = (byte: string, size: number): Block => ({ type: "rle", byte, size });
export const compressed = (...bytes: number[]): Block => ({
  type: "compressed",
  bytes: Uint8Array.from(bytes),
});

export function skippable(content: string): Buffer {
  const head = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, Buffer.from(content)]);
}

/** What comes of a file that is read in pieces of so many bytes. */
export async function unfold(bytes: Buffer, piece: number): Promise<string> {
  const pieces = (async function* () {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  })();
  return Buffer.concat(await collect(unzstd(pieces))).toString();
}

function headerBytes({ window, contentSize, dictionary, hasChecksum }: Header): Buffer {
  const size = Buffer.alloc(contentSize === undefined ? 0 : 8);
  if (contentSize !== undefined) size.writeBigUInt64LE(BigInt(contentSize));
  const id = Buffer.alloc(dictionary === undefined ? 0 : 4);
  if (dictionary !== undefined) id.writeUInt32LE(dictionary);
  const descriptor =
    (contentSize === undefined ? 0 : 3 << 6) |
    (window === undefined ? 1 << 5 : 0) |
    (hasChecksum ? 1 << 2 : 0) |
    (dictionary === undefined ? 0 : 3);
  const start = [...MAGIC, descriptor, ...(window === undefined ? [] : [window])];
  return Buffer.concat([Buffer.from(start), id, size]);
}

function blockBytes(block: Block, isLast: boolean): Buffer {
  const type = { raw: 0, rle: 1, compressed: 2, reserved: 3 }[block.type];
  const content =
    block.type === "reserved"
      ? Buffer.alloc(1)
      : block.type === "rle"
        ? Buffer.from(block.byte)
        : block.bytes;
  const head = Buffer.alloc(3);
  const size = block.type === "rle" ? block.size : content.length;
  head.writeUIntLE((size << 3) | (type << 1) | (isLast ? 1 : 0), 0, 3);
  return Buffer.concat([head, content]);
}
