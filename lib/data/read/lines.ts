export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its line feed; null when the line is above the limit, which also ends the sequence. */
  readonly bytes: Buffer | null;
}

const LINE_FEED = 0x0a;

/** Cuts a sequence of bytes into lines and never holds more than `limit` bytes and one chunk. */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  limit: number,
): AsyncGenerator<Line> {
  let number = 1;
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let begin = 0;
    while (begin < chunk.length) {
      const feed = chunk.indexOf(LINE_FEED, begin);
      const end = feed < 0 ? chunk.length : feed;
      size += end - begin;
      if (size > limit) {
        yield { number, bytes: null };
        return;
      }
      parts.push(chunk.subarray(begin, end));
      begin = end + 1;
      if (feed < 0) continue;
      yield { number: number++, bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts) };
      parts = [];
      size = 0;
    }
  }
  if (size > 0) yield { number, bytes: Buffer.concat(parts) };
}
