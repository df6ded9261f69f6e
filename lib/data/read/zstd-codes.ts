import type { Distribution } from "./zstd-fse.ts";

/** A kind of the numbers that a sequence of Zstandard is made of (RFC 8878, 3.1.1.3.2). */
export interface Kind {
  /** That follow each code. */
  readonly bits: Uint8Array;
  /** The least value of each code. */
  readonly base: Float64Array;
  readonly maxLog: number;
  /** The table that stands in no file. */
  readonly usual: Table;
}

export interface Table extends Distribution {
  /** The largest value that its codes can have. */
  readonly largest: number;
}

const repeat = (count: number, times: number) => Array<number>(times).fill(count);

export const LITERALS = kind(
  [...repeat(0, 16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  { first: 0, maxLog: 9 },
  {
    log: 6,
    counts: [
      4,
      3,
      ...repeat(2, 11),
      1,
      1,
      1,
      ...repeat(2, 9),
      3,
      2,
      ...repeat(1, 5),
      ...repeat(-1, 4),
    ],
  },
);

export const OFFSETS = kind(
  Array.from({ length: 32 }, (_, code) => code),
  { first: 1, maxLog: 8 },
  { log: 5, counts: [...repeat(1, 6), 2, 2, 2, ...repeat(1, 15), ...repeat(-1, 5)] },
);

export const MATCHES = kind(
  [...repeat(0, 32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  { first: 3, maxLog: 9 },
  { log: 6, counts: [1, 4, 3, ...repeat(2, 6), ...repeat(1, 37), ...repeat(-1, 7)] },
);

export function tableOf({ bits, base }: Pick<Kind, "bits" | "base">, from: Distribution): Table {
  const code = from.counts.findLastIndex((count) => count !== 0);
  return { ...from, largest: base[code]! + 2 ** bits[code]! - 1 };
}

/** A table that takes no bits, as it has one state. */
export function tableOfOne(codes: Kind, code: number): Table {
  return tableOf(codes, { log: 0, counts: [...repeat(0, code), 1] });
}

function kind(
  bits: readonly number[],
  { first, maxLog }: { first: number; maxLog: number },
  usual: Distribution,
): Kind {
  let next = first;
  const base = bits.map((width) => (next += 2 ** width) - 2 ** width);
  const codes = { bits: Uint8Array.from(bits), base: Float64Array.from(base), maxLog };
  return { ...codes, usual: tableOf(codes, usual) };
}
