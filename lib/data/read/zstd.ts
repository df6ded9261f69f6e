import { Decompress } from "fzstd";
import { ZstdFrames } from "./zstd-frames.ts";

/** Bounds what one push unfolds to: a block is at least 4 bytes and at most 128 KiB of content. */
const PUSH_BYTES = 1 << 11;

/**
 * Decompresses Zstandard, one or several frames, without ever holding much more than a window.
 *
 * @throws FlmError DATA_INVALID for a file that is whole, but cannot be read here; Error for one that is damaged
 */
export async function* unzstd(compressed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let ready: Buffer[] = [];
  const frames = new ZstdFrames();
  const stream = new Decompress((block) => {
    // A copy: the decompressor may go on using the memory of the block.
    if (block.length > 0) ready.push(Buffer.from(block));
  });
  for await (const chunk of compressed) {
    frames.see(chunk);
    for (let at = 0; at < chunk.length; at += PUSH_BYTES) {
      stream.push(chunk.subarray(at, at + PUSH_BYTES));
      yield* ready;
      ready = [];
    }
  }
  stream.push(new Uint8Array(), true);
  yield* ready;
}
