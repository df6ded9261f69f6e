import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTokenizer } from "../../../../lib/data/tokenizer/load.ts";
import { trainTokenizer } from "../../../../lib/data/tokenizer/train.ts";
import { loadNative } from "../../../../lib/native/load.ts";

const native = loadNative();
const TEXTS = ["the cat and the hat", "that is the hat, isn't it?", "12345 123 naïve 中文中文"];

async function* documents(): AsyncGenerator<Uint8Array> {
  for (const text of TEXTS) yield Buffer.from(text.repeat(3));
}

async function train(split: "gpt2" | "gpt4", vocab_size: number) {
  const { json } = await trainTokenizer(native, documents(), split, vocab_size);
  return loadTokenizer(native, json);
}

describe.each(["gpt2", "gpt4"] as const)("a tokenizer trained with the split of %s", (split) => {
  it("has the size asked for, with bytes first and <|endoftext|> last", async () => {
    const tokenizer = await train(split, 270);
    expect(tokenizer.vocab_size).toBe(270);
    expect(tokenizer.eos_id).toBe(269);
    expect(tokenizer.decode([65, 269, 66])).toBe("AB");
    expect(tokenizer.bytesOf(65)).toBe(1);
    expect(tokenizer.bytesOf(256)).toBe(2);
    expect(tokenizer.bytesOf(269)).toBe(0);
    const text = Buffer.from("a<|endoftext|>");
    expect([...(await tokenizer.encode(text.toString()))]).not.toContain(269);
  });

  it("ends early when there is nothing more to merge", async () => {
    const { json, vocab_size } = await trainTokenizer(native, documents(), split, 5000);
    expect(vocab_size).toBeLessThan(400);
    expect(loadTokenizer(native, json).vocab_size).toBe(vocab_size);
  });

  it("restores every text", async () => {
    const tokenizer = await train(split, 280);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
        expect(tokenizer.decode(await tokenizer.encode(text))).toBe(text);
      }),
    );
  });

  it("encodes several documents as it encodes each", async () => {
    const tokenizer = await train(split, 280);
    const parts = TEXTS.map((text) => Buffer.from(text));
    const ends = Uint32Array.from(parts, (_, i) => Buffer.concat(parts.slice(0, i + 1)).length);
    const encoded = await tokenizer.encodeDocuments(Buffer.concat(parts), ends);
    for (const [i, text] of TEXTS.entries()) {
      const ids = encoded.ids.subarray(i === 0 ? 0 : encoded.ends[i - 1], encoded.ends[i]);
      expect(Int32Array.from(ids)).toEqual(await tokenizer.encode(text));
    }
  });

  it("is the same after it was saved and loaded, and differs from others", async () => {
    const tokenizer = await train(split, 280);
    const again = loadTokenizer(native, tokenizer.toJson()!);
    expect(again.fingerprint).toBe(tokenizer.fingerprint);
    expect(again.toJson()).toBe(tokenizer.toJson());
    expect((await train(split, 279)).fingerprint).not.toBe(tokenizer.fingerprint);
    expect((await train(split === "gpt2" ? "gpt4" : "gpt2", 280)).fingerprint).not.toBe(
      tokenizer.fingerprint,
    );
  });
});
