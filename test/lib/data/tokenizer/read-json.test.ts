import { describe, expect, it } from "vitest";
import { readSpelling, spellBytes } from "../../../../lib/data/tokenizer/byte-alphabet.ts";
import { loadTokenizer } from "../../../../lib/data/tokenizer/load.ts";
import {
  GPT2_PATTERN,
  GPT4_PATTERN,
  QWEN2_PATTERN,
} from "../../../../lib/data/tokenizer/split-patterns.ts";
import { loadNative } from "../../../../lib/native/load.ts";
import { errorOf } from "../support.ts";

const native = loadNative();
const BYTE_LEVEL = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };

/** "he", "ll", "hell" behind the bytes in reverse order, so that ids are not what a trainer would give. */
function file(change: Record<string, unknown> = {}, modelChange: Record<string, unknown> = {}) {
  const bytes = Array.from({ length: 256 }, (_, i) => spellBytes(Uint8Array.of(255 - i)));
  const pieces = [...bytes, "<|endoftext|>", "he", "ll", "hell"];
  return {
    added_tokens: [{ id: 256, content: "<|endoftext|>", special: true }],
    normalizer: null,
    pre_tokenizer: BYTE_LEVEL,
    decoder: { type: "ByteLevel" },
    ...change,
    model: {
      type: "BPE",
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
      merges: ["h e", "l l", "he ll"],
      ...modelChange,
    },
  };
}

const load = (...changes: Parameters<typeof file>) =>
  loadTokenizer(native, JSON.stringify(file(...changes)), "given.json");

const split = (Regex: string, more: object = {}) => ({
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false, ...more },
    { ...BYTE_LEVEL, use_regex: false },
  ],
});

const DIGITS = {
  type: "Sequence",
  pretokenizers: [{ type: "Digits", individual_digits: true }, BYTE_LEVEL],
};

describe("a tokenizer.json of others", () => {
  it("keeps its ids", async () => {
    const tokenizer = load();
    expect(tokenizer).toMatchObject({ vocab_size: 260, eos_id: 256 });
    expect(await tokenizer.encode("hello")).toEqual(Int32Array.of(259, 255 - 111));
    expect(tokenizer.decode([257, 256, 258])).toBe("hell");
    expect(tokenizer.bytesOf(259)).toBe(4);
  });

  it("may write merges as pairs and leave ids unused", async () => {
    const merges = [
      ["h", "e"],
      ["l", "l"],
      ["he", "ll"],
    ];
    expect(await load({}, { merges }).encode("hell")).toEqual(Int32Array.of(259));
    const vocab = { ...file().model.vocab, hell: 300 };
    expect(load({}, { vocab })).toMatchObject({ vocab_size: 301 });
    expect(load({}, { vocab }).decode([299, 300])).toBe("hell");
  });

  it.each([
    ["GPT-2 by ByteLevel", BYTE_LEVEL, "12345"],
    ["GPT-2 by Split", split(GPT2_PATTERN), "12345"],
    ["GPT-4", split(GPT4_PATTERN), "123 45"],
    ["GPT-4, matches kept", split(GPT4_PATTERN, { behavior: "Removed", invert: true }), "123 45"],
    ["Qwen2", split(QWEN2_PATTERN), "1 2 3 4 5"],
    ["StarCoder", DIGITS, "1 2 3 4 5"],
    ["one piece", { ...BYTE_LEVEL, use_regex: false }, "12345"],
  ])("may cut words as %s", async (_, pre_tokenizer, expected) => {
    const base = file().model;
    const digits = ["12", "123", "45", "12345"];
    const vocab = { ...base.vocab, ...Object.fromEntries(digits.map((d, i) => [d, 260 + i])) };
    const merges = ["1 2", "12 3", "4 5", "123 45"];
    const tokenizer = load({ pre_tokenizer }, { vocab, merges });
    const ids = await tokenizer.encode("12345");
    expect([...ids].map((id) => tokenizer.decode([id])).join(" ")).toBe(expected);
  });

  it("may look words up before it merges", async () => {
    const { vocab } = file().model;
    const model = { ignore_merges: true, vocab: { ...vocab, lo: 260 } };
    expect(await load({}, model).encode("lo")).toEqual(Int32Array.of(260));
    expect(await load({}, { ...model, ignore_merges: false }).encode("lo")).toHaveLength(2);
  });

  it("may bring text to NFC", async () => {
    const composed = load({ normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }] } });
    const plain = load();
    const text = "cafe\u0301 \u212b \u1112\u1161 hell";
    expect(await composed.encode(text)).toEqual(await plain.encode(text.normalize("NFC")));
    const documents = ["e\u0301", "", "\u0301 hell", "x"].map((part) => Buffer.from(part));
    let length = 0;
    const ends = Uint32Array.from(documents, (part) => (length += part.length));
    const encoded = await composed.encodeDocuments(Buffer.concat(documents), ends);
    // The mark at the beginning of a document joins nothing in front of it.
    expect([...encoded.ends]).toEqual([2, 2, 6, 7]);
  });

  it("may do both, words first", async () => {
    const added_tokens = [...file().added_tokens, { id: 260, content: "<a" }];
    const normalizer = { type: "NFC" };
    const tokenizer = load({ added_tokens, normalizer });
    const plain = load({ added_tokens });
    expect(await tokenizer.encode("e\u0301<a\u0301")).toEqual(await plain.encode("é<a\u0301"));
    const refused = [{ id: 260, content: "é" }, ...file().added_tokens];
    const error = await errorOf(() => load({ added_tokens: refused, normalizer }));
    expect(error.message).toMatch(/"é" is not special, and finding it in front of the normalizer/);
  });

  it("may add words that text is searched for", async () => {
    const word = (id: number, content: string) => ({ id, content, special: false });
    const added_tokens = [...file().added_tokens, word(260, "<tool>"), word(261, "<tool> é")];
    const tokenizer = load({ added_tokens });
    expect(tokenizer).toMatchObject({ vocab_size: 262, eos_id: 256 });
    const ids = await tokenizer.encode("hell<tool>hell<tool> é");
    expect(ids).toEqual(Int32Array.of(259, 260, 259, 261));
    expect(tokenizer.decode(ids)).toBe("hell<tool>hell<tool> é");
    expect(tokenizer.bytesOf(261)).toBe(9);
    expect(tokenizer.fingerprint).not.toBe(load().fingerprint);
  });

  it.each([
    [["</s>"], 256],
    [["<pad>", "<|end_of_text|>"], 257],
    [["[END]"], 256],
  ])("ends documents with %j", (names, eos_id) => {
    const { "<|endoftext|>": _, ...vocab } = file().model.vocab;
    const pieces = Object.keys(vocab).filter((piece) => vocab[piece]! < 256);
    const bytes = Object.fromEntries(pieces.map((piece) => [piece, vocab[piece]]));
    const added_tokens = names.map((content, i) => ({ id: 256 + i, content, special: true }));
    expect(load({ added_tokens }, { vocab: bytes, merges: [] })).toMatchObject({ eos_id });
  });

  const special = (id: number, content: string) => ({ id, content, special: true });
  it.each<[string, Record<string, unknown>, Record<string, unknown>, RegExp]>([
    ["normalizer", { normalizer: { type: "NFKC" } }, {}, /normalizer .*NFKC/],
    [
      "normalizers",
      { normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Lowercase" }] } },
      {},
      /normalizer .*Lowercase/,
    ],
    ["decoder", { decoder: { type: "WordPiece" } }, {}, /decoder .*WordPiece/],
    ["model type", {}, { type: "Unigram" }, /model\.type "Unigram" is not BPE/],
    ["word suffix", {}, { end_of_word_suffix: "</w>" }, /end_of_word_suffix/],
    ["dropout", {}, { dropout: 0.1 }, /dropout 0\.1/],
    [
      "prefix space",
      { pre_tokenizer: { ...BYTE_LEVEL, add_prefix_space: true } },
      {},
      /add_prefix/,
    ],
    ["Metaspace", { pre_tokenizer: { type: "Metaspace" } }, {}, /must end with ByteLevel/],
    ["no pre-tokenizer", { pre_tokenizer: null }, {}, /pre_tokenizer is null/],
    ["other pattern", { pre_tokenizer: split("\\w+") }, {}, /none of GPT-2's, GPT-4's and Qwen2's/],
    [
      "other behavior",
      { pre_tokenizer: split(GPT4_PATTERN, { behavior: "Removed" }) },
      {},
      /"Removed"/,
    ],
    [
      "added words with spaces",
      { added_tokens: [{ id: 256, content: "x", lstrip: true }] },
      {},
      /"x" is not special, and finding it in text with lstrip true/,
    ],
    [
      "digits in groups",
      { pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Digits" }, BYTE_LEVEL] } },
      {},
      /Digits with individual_digits true/,
    ],
    ["no end", { added_tokens: [] }, { merges: [], vocab: {} }, /none of the 0 special tokens/],
    [
      "two ends",
      { added_tokens: [special(256, "<a>"), special(257, "<b>")] },
      { vocab: {}, merges: [] },
      /2 special/,
    ],
    ["doubled id", { added_tokens: [special(1, "</s>")] }, {}, /has the id 1 of another token/],
    ["bad id", {}, { vocab: { a: -1 } }, /id of "a" is -1/],
    ["huge id", {}, { vocab: { a: 1e9 } }, /above the limit/],
    ["bad piece", {}, { vocab: { "a b": 0 } }, /"a b" is not spelled/],
    ["missing byte", {}, { vocab: { a: 0 }, merges: [] }, /no piece for byte 0/],
    ["unknown merge", {}, { merges: ["h x y"] }, /entry 0, "h x y"/],
    ["merge without result", {}, { merges: ["e h"] }, /no id has the joined bytes/],
  ])("is refused by its field: %s", async (_, change, modelChange, message) => {
    const error = await errorOf(() => load(change, modelChange));
    expect(error.code).toBe("TOKENIZER_INVALID");
    expect(error.message).toMatch(/^given\.json: /);
    expect(error.message).toMatch(message);
  });

  it.each(["{", "[]", "{}"])("is refused when it is %s", async (json) => {
    expect(await errorOf(() => loadTokenizer(native, json))).toMatchObject({
      code: "TOKENIZER_INVALID",
    });
  });
});

describe("the byte alphabet", () => {
  it("spells a space as Ġ and a line feed as Ċ", () => {
    expect(spellBytes(Buffer.from(" a\n~¡"))).toBe("ĠaĊ~Â¡");
  });

  it("is a bijection", () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(new Set(spellBytes(all)).size).toBe(256);
    expect(readSpelling(spellBytes(all))).toEqual(all);
    expect(readSpelling("a b")).toBeNull();
  });
});
