import { describe, expect, it } from "vitest";
import { MAX_DOCUMENT_BYTES } from "../../../../lib/data/read/document.ts";
import { errorOf, readAll } from "../support.ts";
import { frame, raw, rle, skippable, unfold } from "./zstd-bytes.ts";

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

const texts = async (bytes: Buffer, name = "a.jsonl.zst") =>
  (await readAll({ [name]: bytes })).map(({ text }) => text.toString());

/** Of 128 KiB. */
const window = 7 << 3;

describe("Zstandard files", () => {
  it("are read, also with several frames", async () => {
    expect(await texts(FRAME)).toEqual(LINES);
    expect(await texts(Buffer.concat([FRAME, FRAME]))).toEqual([...LINES, ...LINES]);
    const blocks = Array.from({ length: 3 }, () => rle("x", 1000));
    expect(await texts(frame({ window }, ...blocks), "a.txt.zst")).toEqual(["x".repeat(3000)]);
  });

  it("are read in pieces of any length", async () => {
    const file = Buffer.concat([
      skippable("no text"),
      frame({ window, hasChecksum: true }, raw("one, "), rle("-", 3), raw("")),
      frame({ contentSize: 0 }, raw("")),
      FRAME,
      skippable(""),
      frame({ contentSize: 5, dictionary: 0 }, raw(" last")),
    ]);
    const whole = `one, ---${LINES.map((text) => `{"text": "${text}"}\n`).join("")} last`;
    for (let piece = 1; piece <= file.length; piece++)
      expect(await unfold(file, piece)).toBe(whole);
  });

  it("are refused when they are cut or damaged", async () => {
    const cut = await errorOf(() => texts(FRAME.subarray(0, 200)));
    expect(cut).toMatchObject({ code: "DATA_INVALID" });
    expect(cut.message).toMatch(
      /a\.jsonl\.zst is damaged zstd: it ends in the middle, within .* bytes/,
    );
    const other = await errorOf(() => texts(Buffer.from("nothing of the kind, but text")));
    expect(other.message).toMatch(/is damaged zstd: there is no Zstandard frame where one has to/);
  });

  it("are refused wherever they are cut", async () => {
    for (let length = 1; length < FRAME.length; length++)
      for (const piece of [1, FRAME.length])
        await expect(unfold(FRAME.subarray(0, length), piece)).rejects.toThrow("unexpected EOF");
  });

  it("may not unfold to more than a document may have", async () => {
    const blocks = Array.from({ length: MAX_DOCUMENT_BYTES / 2 ** 17 + 1 }, () =>
      rle("x", 2 ** 17),
    );
    const error = await errorOf(() => texts(frame({ window }, ...blocks)));
    expect(error.message).toMatch(/a\.jsonl\.zst:1 holds a document above the limit/);
  });
});
