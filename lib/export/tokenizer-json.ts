import { spellBytes } from "../data/tokenizer/byte-alphabet.ts";
import { END_OF_TEXT_NAMES } from "../data/tokenizer/document-tokenizer.ts";
import { readAddedTokens, type SpecialTokens } from "../data/tokenizer/read-added.ts";
import type { Tokenizer } from "../data/types.ts";

/** The tokenizer as Hugging Face's tokenizer.json. The byte tokenizer becomes a BPE without merges, with equal ids. */
export function tokenizerJson(tokenizer: Tokenizer): string {
  return tokenizer.toJson() ?? byteTokenizerJson(tokenizer.eos_id);
}

/** The special tokens of a tokenizer.json, by id. */
export function specialTokens(json: string): SpecialTokens {
  const { added_tokens } = JSON.parse(json) as { added_tokens?: unknown };
  return readAddedTokens(added_tokens).special;
}

function byteTokenizerJson(eos_id: number): string {
  const bytes = Array.from({ length: eos_id }, (_, byte) => spellBytes(Uint8Array.of(byte)));
  const content = END_OF_TEXT_NAMES[0];
  const byteLevel = {
    type: "ByteLevel",
    add_prefix_space: false,
    trim_offsets: true,
    use_regex: false,
  };
  const tokenizer = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      {
        id: eos_id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries([...bytes, content].map((piece, id) => [piece, id])),
      merges: [],
    },
  };
  return `${JSON.stringify(tokenizer, null, 1)}\n`;
}
