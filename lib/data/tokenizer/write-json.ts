import type { BpeVocabulary } from "../../native/types.ts";
import { spellBytes } from "./byte-alphabet.ts";
import { END_OF_TEXT_NAMES } from "./document-tokenizer.ts";
import { GPT4_PATTERN } from "./split-patterns.ts";

/** Splits that a BPE tokenizer can be trained with. */
export type TrainedSplit = "gpt2" | "gpt4";

/** A trained vocabulary as Hugging Face's tokenizer.json; `<|endoftext|>` gets the id behind its pieces. */
export function writeTokenizerJson(vocabulary: BpeVocabulary, split: TrainedSplit): string {
  const spellings = spellPieces(vocabulary);
  const content = END_OF_TEXT_NAMES[0];
  const eos_id = spellings.length;
  const tokenizer = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [specialToken(eos_id, content)],
    normalizer: null,
    pre_tokenizer: preTokenizer(split),
    post_processor: null,
    decoder: byteLevel(true),
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries([...spellings, content].map((piece, id) => [piece, id])),
      merges: spellMerges(vocabulary.merges, spellings),
    },
  };
  return `${JSON.stringify(tokenizer, null, 1)}\n`;
}

/** An entry of `added_tokens`. */
export function specialToken(id: number, content: string): object {
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return { id, content, ...plain, special: true };
}

function spellPieces({ bytes, ends }: BpeVocabulary): string[] {
  return Array.from(ends, (end, id) =>
    spellBytes(bytes.subarray(id === 0 ? 0 : ends[id - 1], end)),
  );
}

/** "left right", which older readers need too; no piece holds a space, since that is spelled as U+0120. */
function spellMerges(merges: Uint32Array, spellings: readonly string[]): string[] {
  return Array.from(
    { length: merges.length / 2 },
    (_, i) => `${spellings[merges[2 * i]!]} ${spellings[merges[2 * i + 1]!]}`,
  );
}

function preTokenizer(split: TrainedSplit): object {
  if (split === "gpt2") return byteLevel(true);
  const pattern = { Regex: GPT4_PATTERN };
  return {
    type: "Sequence",
    pretokenizers: [
      { type: "Split", pattern, behavior: "Isolated", invert: false },
      byteLevel(false),
    ],
  };
}

function byteLevel(use_regex: boolean): object {
  return { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex };
}
