import { describe, expect, it } from "vitest";
import { MAX_DOCUMENT_BYTES } from "../../../../lib/data/read/document.ts";
import { errorOf, readAll } from "../support.ts";

/** 40 lines of JSON, made by the zstd command with --ultra's window and a checksum. */
const FRAME = Buffer.from(
  [
    "KLUv/WRoCV0HAEIOJRmQKW1bmU34r7VxEGkzEiuJRPZOWafrzoMT6T30ubO5u+7Os/HMd+afdX1ma2c8ezzmfG/M",
    "1ag+r3k1id/nHQ/+RvTN0G69Nf6O99xY8+r807pGr/qM6Nu3zWafRT2LRk/zqcY9vA1oHAEFKiyprBICUqSlFAlB",
    "CJSohCipEGFJCqnkUMiwEEpJVkgZHCU40gKlgxFPqBHAsL7/d8BzKwcSeAcBBsEbC2iC9w9fMwLbskVZTsp1DqVa",
    "Fi+MrKGcuM5aq1eH9fJ4P9+L5/l9Xh7v57s3SGO0LFRxyjYpJPzf7vdvBGDItyr7gRRP",
  ].join(""),
  "base64",
);
const LINES = Array.from(
  { length: 40 },
  (_, i) => `The ${i}th line of a file that repeats itself ${i * i} times.`,
);

/** A frame without a checksum of blocks that hold `byte` so many times each. */
function repeated(byte: string, blocks: number, size: number): Buffer {
  const block = Buffer.alloc(4);
  block.writeUIntLE((size << 3) | (1 << 1), 0, 3);
  block.write(byte, 3);
  const all = Array.from({ length: blocks }, () => Buffer.from(block));
  all.at(-1)![0]! |= 1;
  // Magic, a descriptor without sizes, a window of 128 KiB.
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3]), ...all]);
}

const texts = async (bytes: Buffer, name = "a.jsonl.zst") =>
  (await readAll({ [name]: bytes })).map(({ text }) => text.toString());

describe("Zstandard files", () => {
  it("are read, also with several frames", async () => {
    expect(await texts(FRAME)).toEqual(LINES);
    expect(await texts(Buffer.concat([FRAME, FRAME]))).toEqual([...LINES, ...LINES]);
    expect(await texts(repeated("x", 3, 1000), "a.txt.zst")).toEqual(["x".repeat(3000)]);
  });

  it("are refused when they are cut or damaged", async () => {
    const cut = await errorOf(() => texts(FRAME.subarray(0, 200)));
    expect(cut).toMatchObject({ code: "DATA_INVALID" });
    expect(cut.message).toMatch(
      /a\.jsonl\.zst is damaged zstd: it ends in the middle, within .* bytes/,
    );
    const other = await errorOf(() => texts(Buffer.from("nothing of the kind, but text")));
    expect(other.message).toMatch(/is damaged zstd: invalid zstd data/);
  });

  it("may not unfold to more than a document may have", async () => {
    const blocks = MAX_DOCUMENT_BYTES / 2 ** 17 + 1;
    const error = await errorOf(() => texts(repeated("x", blocks, 2 ** 17)));
    expect(error.message).toMatch(/a\.jsonl\.zst:1 holds a document above the limit/);
  });
});
