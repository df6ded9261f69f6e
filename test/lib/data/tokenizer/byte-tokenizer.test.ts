import { describe, expect, it } from "vitest";
import { ByteTokenizer } from "../../../../lib/data/tokenizer/byte-tokenizer.ts";
import { errorOf } from "../support.ts";

describe("ByteTokenizer", () => {
  const tokenizer = new ByteTokenizer();

  it("encodes the bytes of UTF-8 and decodes them again", async () => {
    expect(await tokenizer.encode("aé")).toEqual(Int32Array.of(97, 0xc3, 0xa9));
    for (const text of ["", "\uFEFFa\0é中😀"])
      expect(tokenizer.decode(await tokenizer.encode(text))).toBe(text);
  });

  it("decodes half characters as U+FFFD and the end of a document as nothing", () => {
    expect(tokenizer.decode([97, 256, 0xc3])).toBe("a\uFFFD");
  });

  it.each([-1, 257, 0.5])("refuses the token %d", async (id) => {
    expect(await errorOf(() => tokenizer.decode([id]))).toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
