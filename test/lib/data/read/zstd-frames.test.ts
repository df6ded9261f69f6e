import { describe, expect, it } from "vitest";
import { errorOf, readAll } from "../support.ts";
import { compressed, frame, raw, rle, unfold } from "./zstd-bytes.ts";

/** Of 128 KiB. */
const window = 7 << 3;
/** Each header means a window of 32 MiB, the next one a window of 36 MiB. */
const LARGEST = { window: 15 << 3 };
const TOO_LARGE = { window: (15 << 3) | 1 };

/** The decompressor would be at it for ever: the weights of a Huffman code have one symbol, which takes no bits. */
const ENDLESS = Buffer.from("28b52ffd0038a5000082400204f003aaff000000000000000000000000", "hex");

/** No literals, `count` sequences with codes that are the same in all, and the bits of them. */
function sequences(count: number, codes: [number, number, number], bits: number[]) {
  const counts = count < 128 ? [count] : [(count >> 8) + 128, count & 255];
  return compressed(0, ...counts, 0b01010100, ...codes, ...bits);
}

async function refusal(bytes: Buffer): Promise<string> {
  const error = await errorOf(() => readAll({ "a.txt.zst": bytes }));
  expect(error.code).toBe("DATA_INVALID");
  expect(error.message).toMatch(/a\.txt\.zst (is damaged zstd|cannot be read): /);
  return error.message;
}

describe("Zstandard frames", () => {
  it("may not need a larger window than the decompressor reads rightly", async () => {
    expect(await unfold(frame(LARGEST, raw("fine")), 1)).toBe("fine");
    expect(await refusal(frame(TOO_LARGE, raw("x")))).toMatch(
      /cannot be read: its window of 37748736 bytes is above the limit of 33554432$/,
    );
    const sized = frame({ contentSize: 2 ** 25 }, raw("x"));
    await expect(unfold(sized, 1)).resolves.toBe("x");
    expect(await refusal(frame({ contentSize: 2 ** 25 + 1 }, raw("x")))).toMatch(/its window of/);
    const second = Buffer.concat([
      frame(LARGEST, raw("fine")),
      frame({ window: 31 << 3 }, raw("x")),
    ]);
    expect(await refusal(second)).toMatch(/its window of 2199023255552 bytes/);
  });

  it("may not need a dictionary", async () => {
    expect(await refusal(frame({ window, dictionary: 77 }, raw("x")))).toMatch(
      /cannot be read: it needs the dictionary 77, and none can be given$/,
    );
    // One sequence: no literals, 3 bytes from 5 before.
    const back = sequences(1, [0, 3, 0], [0b1000]);
    expect(await unfold(frame({ window }, raw("abcde"), back), 7)).toBe("abcdeabc");
    expect(await refusal(frame({ window }, raw("abcd"), back))).toMatch(
      /a block repeats what is not in the file .*dictionary/,
    );
  });

  it.each([
    ["a reserved type", /is of the reserved type/, [{ type: "reserved" }]],
    ["too much content", /a block has 131073 bytes, above the limit/, [rle("x", 2 ** 17 + 1)]],
    ["no content", /the literals of a block are damaged/, [compressed()]],
    ["literals without an end", /the literals of a block are damaged/, [compressed(0xf8, 1)]],
    [
      "literals above the limit",
      /the literals of a block are/,
      [compressed(0xfd, 0xff, 0xff, 1, 0)],
    ],
    ["sequences without modes", /the sequences of a block are damaged/, [compressed(0, 1)]],
    ["no sequences in two bytes", /the sequences of a block are/, [compressed(0, 128, 0, 0, 1)]],
    ["a code that there is not", /the sequences of a block are/, [sequences(1, [36, 0, 0], [1])]],
    ["too few bits", /the sequences of a block are damaged/, [sequences(1, [16, 0, 0], [1])]],
    ["tables from nowhere", /the sequences of a block are/, [compressed(0, 1, 0b11111100, 1)]],
    ["a table too large", /an entropy table is too large/, [compressed(0, 1, 0b10000000, 15, 1)]],
    ["a table without an end", /an entropy table is damaged/, [compressed(0, 1, 0b10000000, 0)]],
  ] as const)("are refused with a block that has %s", async (_, message, blocks) => {
    expect(await refusal(frame({ window }, ...blocks))).toMatch(message);
  });

  it("may have no block above a small window", async () => {
    const text = "x".repeat(1025);
    expect(await refusal(frame({ window: 0 }, raw(text)))).toMatch(/above the limit of 1024/);
    expect(await unfold(frame({ window: 1 << 3 }, raw(text)), 100)).toBe(text);
  });

  it("end when the decompressor would go on for ever", async () => {
    expect(ENDLESS).toHaveLength(29);
    expect(await refusal(ENDLESS)).toMatch(/the Huffman code of a block is damaged/);
  });

  it.each([0, 1])(
    "end when sequences ask for 10 billion bytes, after %s windows",
    async (filled) => {
      const before = Array.from({ length: filled }, () => rle("x", 2 ** 17));
      const many = sequences(30_000, [35, 0, 52], [255, 255, 255, 255, 255, 255]);
      expect(await refusal(frame({ window }, ...before, many))).toMatch(
        /a block unfolds to more than it may/,
      );
    },
  );

  it("may have nothing else behind them", async () => {
    const file = Buffer.concat([frame({ window }, raw("x")), Buffer.from("more")]);
    expect(await refusal(file)).toMatch(/there is no Zstandard frame where one has to begin/);
  });
});
