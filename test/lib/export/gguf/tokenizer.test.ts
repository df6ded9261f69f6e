import { expect, test } from "vitest";
import { loadTokenizer } from "../../../../lib/data/tokenizer/load.ts";
import { QWEN2_PATTERN } from "../../../../lib/data/tokenizer/split-patterns.ts";
import { ggufTokenizer } from "../../../../lib/export/gguf/tokenizer.ts";
import { tokenizerJson } from "../../../../lib/export/tokenizer-json.ts";
import { loadNative } from "../../../../lib/native/load.ts";
import { failure } from "../../failure.ts";

const native = loadNative();
const BYTES = JSON.parse(tokenizerJson(loadTokenizer(native, "bytes")));
const BYTE_LEVEL = { type: "ByteLevel", add_prefix_space: false, use_regex: true };
const QWEN2 = {
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex: QWEN2_PATTERN }, behavior: "Isolated" },
    { ...BYTE_LEVEL, use_regex: false },
  ],
};

/** The fields for bytes and one merge. */
function fields(change: object, ignore_merges = false) {
  const { model } = BYTES;
  const merged = { vocab: { ...model.vocab, ab: 257 }, merges: ["a b"], ignore_merges };
  const json = JSON.stringify({ ...BYTES, ...change, model: { ...model, ...merged } });
  return Object.fromEntries(ggufTokenizer(loadTokenizer(native, json), 260));
}

test("Qwen2's words, and tokens that are found in text", () => {
  const added_tokens = [...BYTES.added_tokens, { id: 258, content: "<t é>" }];
  const made = fields({ pre_tokenizer: QWEN2, added_tokens });
  expect(made["tokenizer.ggml.pre"]!.value).toBe("qwen2");
  const texts = made["tokenizer.ggml.tokens"]!.value as string[];
  const types = made["tokenizer.ggml.token_type"]!.value as number[];
  expect(texts.slice(256)).toEqual(["<|endoftext|>", "ab", "<t é>", "[unused 259]"]);
  expect(types.slice(256)).toEqual([3, 1, 4, 5]);
});

test("whole words in front of the merges, where llama.cpp looks them up too", () => {
  const error = failure(() => fields({ pre_tokenizer: BYTE_LEVEL }, true));
  expect(error.code).toBe("NOT_SUPPORTED");
  expect(error.message).toContain("cuts words as gpt2 and looks whole ones up");
});
