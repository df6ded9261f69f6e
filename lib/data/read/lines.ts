export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its line feed; null when the line is above the limit, of which nothing else is told. */
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
      const wasTooLong = size > limit;
      size += end - begin;
      const isTooLong = size > limit;
      if (isTooLong) parts = [];
      else parts.push(chunk.subarray(begin, end));
      // Said at once, as the line's end may be far away.
      if (isTooLong && !wasTooLong) yield { number, bytes: null };
      begin = end + 1;
      if (feed < 0) continue;
      if (!isTooLong) yield { number, bytes: joined(parts) };
      number++;
      parts = [];
      size = 0;
    }
  }
  if (parts.length > 0 && size > 0) yield { number, bytes: joined(parts) };
}

function joined(parts: readonly Buffer[]): Buffer {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
