import { readTokenizerJson } from "../../data/tokenizer/read-json.ts";
import { spellBytes } from "../../data/tokenizer/byte-alphabet.ts";
import type { Tokenizer } from "../../data/types.ts";
import { FlmError } from "../../errors.ts";
import type { SplitName } from "../../native/types.ts";
import { specialTokens, tokenizerJson } from "../tokenizer-json.ts";
import type { GgufValue } from "./values.ts";

/** Kinds of tokens, as llama.cpp numbers them. */
const NORMAL = 1;
const CONTROL = 3;
/** Found in text as it is. */
const USER_DEFINED = 4;
const UNUSED = 5;

/** llama.cpp's names of our splits. */
const PRE_TOKENIZERS: Readonly<Partial<Record<SplitName, string>>> = {
  gpt2: "gpt-2",
  gpt4: "dbrx",
  qwen2: "qwen2",
  starcoder: "starcoder",
};

/** Those of which whole words are looked up in front of the merges. */
const WHOLE_WORDS: typeof PRE_TOKENIZERS = { gpt4: "llama-bpe" };

/** The tokenizer's fields of a GGUF header; rows of the embedding behind its tokens are unused. */
export function ggufTokenizer(tokenizer: Tokenizer, rows: number): [string, GgufValue][] {
  const json = tokenizerJson(tokenizer);
  const { vocabulary, split, whole_words, words } = readTokenizerJson(json);
  const { bytes, ends, merges } = vocabulary;
  const spellings = Array.from(ends, (end, id) =>
    spellBytes(bytes.subarray(id === 0 ? 0 : ends[id - 1], end)),
  );
  const hasMerges = merges.length > 0;
  // Without merges every byte is a token, wherever words are cut.
  const names = whole_words ? WHOLE_WORDS : PRE_TOKENIZERS;
  const pre = hasMerges ? names[split] : (PRE_TOKENIZERS[split] ?? PRE_TOKENIZERS.gpt2);
  if (pre === undefined)
    throw new FlmError(
      "NOT_SUPPORTED",
      `llama.cpp has no BPE that ${split === "none" ? "does not cut words" : `cuts words as ${split} and looks whole ones up`}`,
      { hint: "export --format hf keeps this tokenizer" },
    );
  const { eos_id } = tokenizer;
  const special = specialTokens(json);
  const tokens = Array.from({ length: rows }, (_, id) => {
    const name = special.get(id);
    if (name !== undefined) return { text: name, type: CONTROL };
    const word = words.get(id);
    if (word !== undefined) return { text: word, type: USER_DEFINED };
    const text = spellings[id];
    return text ? { text, type: NORMAL } : { text: `[unused ${id}]`, type: UNUSED };
  });
  const merged = Array.from(
    { length: merges.length / 2 },
    (_, i) => `${spellings[merges[2 * i]!]} ${spellings[merges[2 * i + 1]!]}`,
  );
  return [
    ["tokenizer.ggml.model", { type: "string", value: "gpt2" }],
    ["tokenizer.ggml.pre", { type: "string", value: pre }],
    ["tokenizer.ggml.tokens", { type: "strings", value: tokens.map(({ text }) => text) }],
    ["tokenizer.ggml.token_type", { type: "i32s", value: tokens.map(({ type }) => type) }],
    ["tokenizer.ggml.merges", { type: "strings", value: merged }],
    ["tokenizer.ggml.bos_token_id", { type: "u32", value: eos_id }],
    ["tokenizer.ggml.eos_token_id", { type: "u32", value: eos_id }],
    ["tokenizer.ggml.add_bos_token", { type: "bool", value: false }],
    ["tokenizer.ggml.add_eos_token", { type: "bool", value: false }],
  ];
}
