import { describe, expect, test } from "vitest";
import { FlmError } from "../../lib/errors.ts";
import { loadNative } from "../../lib/native/load.ts";
import type { BpeVocabulary } from "../../lib/native/types.ts";

const binding = loadNative();
const utf8 = new TextEncoder();
const NO_IDS = new Uint32Array();

/** Documents one after another, as `encode` wants them. */
function joined(documents: readonly string[]): [text: Uint8Array, ends: Uint32Array] {
  const parts = documents.map((document) => utf8.encode(document));
  let end = 0;
  const ends = Uint32Array.from(parts, (part) => (end += part.length));
  return [new Uint8Array(Buffer.concat(parts)), ends];
}

async function trained(texts: readonly string[], vocabSize: number) {
  const trainer = binding.createBpeTrainer("gpt2");
  await Promise.all(texts.map((text) => trainer.add(utf8.encode(text))));
  return trainer.train(vocabSize);
}

function pieceOf({ bytes, ends }: BpeVocabulary, id: number): string {
  return Buffer.from(bytes.subarray(id === 0 ? 0 : ends[id - 1]!, ends[id])).toString();
}

describe("byte-level BPE behind the binding", () => {
  test("trains, the most frequent pair first", async () => {
    const vocabulary = await trained(["aab aab aab", "aac"], 259);
    expect(vocabulary.ends).toHaveLength(259);
    expect(pieceOf(vocabulary, 97)).toBe("a");
    expect(pieceOf(vocabulary, 256)).toBe("aa");
    expect([...vocabulary.merges.subarray(0, 2)]).toEqual([97, 97]);
    expect(vocabulary.merges).toHaveLength(6);
    expect(vocabulary.dropped_words).toBe(0);
  });

  test("encodes documents apart and decodes them again", async () => {
    const vocabulary = await trained(["the cat and the dog and the bird"], 270);
    const encoder = binding.createBpeEncoder(vocabulary, "gpt2", false, NO_IDS);
    const documents = ["the cat", "", "über die 模型 🙂", "the dog"];
    const { ids, ends } = await encoder.encode(...joined(documents));
    expect(ends).toHaveLength(4);
    expect(ends[3]).toBe(ids.length);
    documents.forEach((document, i) => {
      const own = ids.slice(i === 0 ? 0 : ends[i - 1], ends[i]);
      expect(Buffer.from(encoder.decode(own)).toString()).toBe(document);
    });
    expect(ends[0]).toBeLessThan("the cat".length);
  });

  test("gives many documents on several threads the ids that each has alone", async () => {
    const words = ["growth", "of", "models", "is", "cheaper", "than", "模型"];
    const sentence = (i: number) =>
      Array.from({ length: (i * 7) % 40 }, (_, j) => words[(i + j * j) % 7]).join(" ");
    const documents = Array.from({ length: 4000 }, (_, i) => sentence(i));
    const encoder = binding.createBpeEncoder(
      await trained([words.join(" ").repeat(3)], 280),
      "gpt4",
      false,
      NO_IDS,
    );
    const { ids, ends } = await encoder.encode(...joined(documents));
    for (const i of [0, 1, 1999, 2000, 3999]) {
      const alone = await encoder.encode(...joined([documents[i]!]));
      expect(ids.slice(i === 0 ? 0 : ends[i - 1], ends[i])).toEqual(alone.ids);
    }
    expect(Buffer.from(encoder.decode(ids)).toString()).toBe(documents.join(""));
  });

  test("takes one document that is larger than a thread's share, and none at all", async () => {
    const encoder = binding.createBpeEncoder(await trained(["ab ab"], 257), "none", false, NO_IDS);
    const document = "ab".repeat(200_000);
    const { ids, ends } = await encoder.encode(...joined([document, "ab"]));
    expect([...ends]).toEqual([200_000, 200_001]);
    expect(ids.every((id) => id === 256)).toBe(true);
    const nothing = await encoder.encode(new Uint8Array(), new Uint32Array());
    expect(nothing).toEqual({ ids: new Uint32Array(), ends: new Uint32Array() });
  });

  test("refuses what contradicts itself", async () => {
    const vocabulary = await trained(["ab ab"], 257);
    const encoder = binding.createBpeEncoder(vocabulary, "none", false, NO_IDS);
    const text = utf8.encode("abc");
    for (const ends of [[2], [4], [2, 1, 3], []])
      await expect(encoder.encode(text, Uint32Array.from(ends))).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    expect(() => encoder.decode(Uint32Array.of(257))).toThrow(FlmError);
    expect(() =>
      binding.createBpeEncoder({ ...vocabulary, merges: Uint32Array.of(1) }, "none", false, NO_IDS),
    ).toThrow("a merge has two");
    const ends = vocabulary.ends.slice().reverse();
    expect(() => binding.createBpeEncoder({ ...vocabulary, ends }, "none", false, NO_IDS)).toThrow(
      "vocabulary.ends",
    );
    await expect(binding.createBpeTrainer("none").train(255)).rejects.toThrow("vocab_size 255");
    expect(() => binding.createBpeTrainer("gpt5" as "gpt4")).toThrow('split "gpt5" is unknown');
  });
});

describe("hashFile", () => {
  test("names the path that it cannot open", async () => {
    await expect(binding.hashFile("/no/such/file")).rejects.toMatchObject({
      code: "IO",
      message: "cannot open /no/such/file: No such file or directory",
    });
  });
});
