import { expect, it } from "vitest";
import { ByteTokenizer } from "../../../lib/data/tokenizer/byte-tokenizer.ts";
import { readTokenizerJson } from "../../../lib/data/tokenizer/read-json.ts";
import { specialTokens, tokenizerJson } from "../../../lib/export/tokenizer-json.ts";

it("the byte tokenizer as a file has the same ids", () => {
  const json = tokenizerJson(new ByteTokenizer());
  const { vocabulary, split, eos_id } = readTokenizerJson(json);
  expect(eos_id).toBe(256);
  expect(split).toBe("none");
  expect([...vocabulary.bytes]).toEqual(Array.from({ length: 256 }, (_, byte) => byte));
  expect(vocabulary.merges).toHaveLength(0);
});

it("special tokens have the names that the file gives them", () => {
  const json = JSON.stringify({ added_tokens: [{ id: 7, content: "</s>", special: true }] });
  expect([...specialTokens(json)]).toEqual([[7, "</s>"]]);
  expect(specialTokens("{}").size).toBe(0);
});
