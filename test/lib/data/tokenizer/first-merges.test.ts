import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstMerges } from "../../../../lib/data/tokenizer/first-merges.ts";
import { withLabels } from "../../../../lib/data/tokenizer/labels.ts";
import { loadTokenizer } from "../../../../lib/data/tokenizer/load.ts";
import { readTokenizerJson } from "../../../../lib/data/tokenizer/read-json.ts";
import { stageTokenizer } from "../../../../lib/data/tokenizer/stage-tokenizer.ts";
import { trainTokenizer } from "../../../../lib/data/tokenizer/train.ts";
import { growVocabulary } from "../../../../lib/growth/vocabulary.ts";
import { loadNative } from "../../../../lib/native/load.ts";
import { failure } from "../../failure.ts";

const native = loadNative();
const TEXT = "the cat and the hat: that is the hat of the cat, isn't it? naïve 中文中文 12345 123";

async function* documents(): AsyncGenerator<Uint8Array> {
  yield Buffer.from(TEXT.repeat(5));
}

async function trained(vocab_size: number, split: "gpt2" | "gpt4" = "gpt4"): Promise<string> {
  return (await trainTokenizer(native, documents(), split, vocab_size)).json;
}

interface TokenizerFile {
  added_tokens: { id: number; content: string }[];
  post_processor: unknown;
  model: { vocab: Record<string, number>; merges: string[] };
}

/** A tokenizer.json with its ids moved up by one, the special token in front. */
async function specialFirst(): Promise<TokenizerFile> {
  const file = JSON.parse(await trained(280)) as TokenizerFile;
  const end = file.added_tokens[0]!;
  for (const piece of Object.keys(file.model.vocab)) file.model.vocab[piece]! += 1;
  file.model.vocab[end.content] = end.id = 0;
  return file;
}

describe("a tokenizer after its first merges", () => {
  it.each(["gpt2", "gpt4"] as const)(
    "is the one that is trained to that size, %s",
    async (split) => {
      const large = await trained(290, split);
      for (const size of [257, 258, 270, 289])
        expect(firstMerges(large, size)).toBe(await trained(size, split));
    },
  );

  it("restores every text, in tokens that the larger one's are made of", async () => {
    const json = await trained(290);
    const [large, small] = [json, firstMerges(json, 270)].map((each) =>
      loadTokenizer(native, each),
    );
    const { map, means } = growVocabulary(
      readTokenizerJson(small!.toJson()!),
      readTokenizerJson(json),
    );
    const parts = fc.oneof(fc.constantFrom(...TEXT.split(/(?= )/)), fc.string({ unit: "binary" }));
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { maxLength: 8 }), async (list) => {
        const text = list.join("");
        const tokens = await small!.encode(text);
        expect(small!.decode(tokens)).toBe(text);
        const split = [...(await large!.encode(text))].flatMap((id) =>
          map[id]! < 0 ? [...means[-2 - map[id]!]!] : [map[id]!],
        );
        expect(split).toEqual([...tokens]);
      }),
      { numRuns: 40 },
    );
  });

  it("keeps all special tokens, by name", async () => {
    const json = withLabels(await trained(280));
    const small = readTokenizerJson(firstMerges(json, 270));
    expect(small.vocabulary.ends).toHaveLength(270);
    expect([...small.special]).toEqual([
      [267, "<|endoftext|>"],
      [268, "<|true|>"],
      [269, "<|false|>"],
    ]);
    const { map } = growVocabulary(small, readTokenizerJson(json));
    expect([...map.slice(-3)]).toEqual([267, 268, 269]);
  });

  it("keeps the order of the ids, wherever special tokens stand", async () => {
    const file = await specialFirst();
    const small = loadTokenizer(native, firstMerges(JSON.stringify(file), 270));
    const plain = loadTokenizer(native, await trained(270));
    expect(small.vocab_size).toBe(270);
    expect(small.eos_id).toBe(0);
    const ids = (await plain.encode(TEXT)).map((id) => id + 1);
    expect(await small.encode(TEXT)).toEqual(ids);
  });

  it("drops what names ids and is not read", async () => {
    const file = await specialFirst();
    file.post_processor = { type: "TemplateProcessing", special_tokens: { "<s>": { ids: [279] } } };
    const small = JSON.parse(firstMerges(JSON.stringify(file), 270)) as TokenizerFile;
    expect(small.post_processor).toBeNull();
  });

  it("has both merges of a piece that two of them make", async () => {
    const file = JSON.parse(await trained(259)) as TokenizerFile;
    file.model.merges.splice(1, 0, file.model.merges[0]!);
    const small = JSON.parse(firstMerges(JSON.stringify(file), 258)) as TokenizerFile;
    expect(small.model.merges).toHaveLength(2);
    expect(Object.keys(small.model.vocab)).toHaveLength(258);
  });

  it("is refused below the bytes and the special tokens", async () => {
    const json = withLabels(await trained(280));
    const { code, message, hint } = failure(() => firstMerges(json, 258));
    expect(code).toBe("CONFIG_INVALID");
    expect(message).toContain("vocab_size 258");
    expect(message).toContain("256 bytes and 3 added tokens");
    expect(hint).toBe("use 259 or more");
  });
});

it("a stage has the run's own tokenizer unless it asks for less", async () => {
  const whole = loadTokenizer(native, await trained(280));
  for (const size of [null, 280, 300]) expect(stageTokenizer(native, whole, size)).toBe(whole);
  expect(stageTokenizer(native, whole, 270).vocab_size).toBe(270);
  const bytes = loadTokenizer(native, "bytes");
  expect(stageTokenizer(native, bytes, null)).toBe(bytes);
});
