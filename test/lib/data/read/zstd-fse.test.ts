import { describe, expect, it } from "vitest";
import { LITERALS, MATCHES, OFFSETS } from "../../../../lib/data/read/zstd-codes.ts";
import { decodingTable, readDistribution } from "../../../../lib/data/read/zstd-fse.ts";

/** What RFC 8878 gives as numbers, written as a file would have it. */
const USUAL = [
  { name: "literals", kind: LITERALS, bytes: "5110638c31c618630c21c4186366668646920400" },
  { name: "offsets", kind: OFFSETS, bytes: "2084104266464444444424490200" },
  {
    name: "matches",
    kind: MATCHES,
    bytes: "2114c418638c2184104208218410420821444444444444444424090000",
  },
].map((usual) => ({ ...usual, bytes: Buffer.from(usual.bytes, "hex") }));

describe("Zstandard entropy tables", () => {
  it.each(USUAL)("are read: the one of $name", ({ kind, bytes }) => {
    const limits = { log: 6, symbol: kind.bits.length - 1 };
    const { distribution, end } = readDistribution(bytes, 0, limits);
    const { log, counts } = kind.usual;
    expect(distribution).toEqual({ log, counts });
    expect(end).toBe(bytes.length);
  });

  it.each(USUAL)(
    "are refused when they are cut or too large: the one of $name",
    ({ kind, bytes }) => {
      const limits = { log: kind.usual.log, symbol: kind.bits.length - 1 };
      for (let length = 1; length < bytes.length; length++)
        expect(() => readDistribution(bytes.subarray(0, length), 0, limits)).toThrow("damaged");
      expect(() => readDistribution(bytes, 0, { ...limits, log: limits.log - 1 })).toThrow("large");
      const few = { ...limits, symbol: kind.usual.counts.length - 2 };
      expect(() => readDistribution(bytes, 0, few)).toThrow("damaged");
    },
  );

  it("have the states of RFC 8878, appendix A", () => {
    const { symbols, bits, next } = decodingTable(OFFSETS.usual);
    const rows = [0, 1, 2, 15, 31].map((state) => [symbols[state], bits[state], next[state]]);
    expect(rows).toEqual([
      [0, 5, 0],
      [6, 4, 0],
      [9, 5, 0],
      [7, 4, 16],
      [24, 5, 0],
    ]);
  });
});
