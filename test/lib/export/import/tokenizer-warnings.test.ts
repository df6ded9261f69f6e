import { expect, it } from "vitest";
import { HfConfig } from "../../../../lib/export/import/hf-config.ts";
import { stopTokens, tokenizerWarnings } from "../../../../lib/export/import/tokenizer-warnings.ts";

const NAMES = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const added_tokens = NAMES.map((content, id) => ({ id, content, special: true }));

/** With the token that ends a text here: 0. */
function warningsOf(
  { config = {}, generation = {} }: { config?: object; generation?: object },
  post_processor: unknown = null,
): string[] {
  return tokenizerWarnings(JSON.stringify({ added_tokens, post_processor }), 0, {
    config: new HfConfig({ ...config }, "config.json"),
    generation: new HfConfig({ ...generation }, "generation_config.json"),
  });
}

it("nothing is said of a model that begins and ends texts as ours do", () => {
  const byteLevel = { type: "ByteLevel", trim_offsets: true };
  const plain = { type: "TemplateProcessing", single: [{ Sequence: { id: "A", type_id: 0 } }] };
  expect(warningsOf({})).toEqual([]);
  expect(warningsOf({ config: { eos_token_id: null } }, byteLevel)).toEqual([]);
  expect(warningsOf({ config: { eos_token_id: 0 } }, plain)).toEqual([]);
  expect(warningsOf({ config: { eos_token_id: 2 }, generation: { eos_token_id: [0] } })).toEqual(
    [],
  );
});

it.each([
  [
    { config: { eos_token_id: 2 } },
    /with <\|im_end\|> \(2\); here .* end with <\|endoftext\|> \(0\)/,
  ],
  [{ config: { eos_token_id: 0 }, generation: { eos_token_id: [2] } }, /<\|im_end\|> \(2\);/],
  [{ config: { eos_token_id: [1, 9] } }, /<\|im_start\|> \(1\) or no special token \(9\);/],
])("an end of texts that is not ours is told: %j", (files, message) => {
  expect(warningsOf(files)).toEqual([expect.stringMatching(message)]);
});

it("further ends of texts that the tokenizer has end what the model writes, and need no warning", () => {
  const stops = (config: object, generation: object = {}) => {
    const files = {
      config: new HfConfig({ ...config }, "config.json"),
      generation: new HfConfig({ ...generation }, "generation_config.json"),
    };
    return stopTokens(files, { eos_id: 0, vocab_size: 3 });
  };
  expect(warningsOf({ config: { eos_token_id: [0, 2] } })).toEqual([]);
  expect(stops({})).toEqual([]);
  expect(stops({ eos_token_id: 0 })).toEqual([]);
  expect(stops({ eos_token_id: [2, 0, 2, 9] })).toEqual([2]);
  expect(stops({ eos_token_id: 2 }, { eos_token_id: [0, 1] })).toEqual([1]);
});

it("tokens that a template puts around a text are told", () => {
  const template = {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "<|im_start|>", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "<|im_end|>", type_id: 0 } },
    ],
  };
  const expected = [expect.stringMatching(/adds <\|im_start\|> and <\|im_end\|> to each text/)];
  expect(warningsOf({}, template)).toEqual(expected);
  expect(warningsOf({}, { type: "Sequence", processors: [template] })).toEqual(expected);
});

it("an end of texts that is no id is damage", () => {
  expect(() => warningsOf({ config: { eos_token_id: "</s>" } })).toThrow(
    'config.json: eos_token_id is "</s>"; it must be a token\'s id or a list of them',
  );
});
