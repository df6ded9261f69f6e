import type { SplitName } from "../../native/types.ts";

/** The pattern of GPT-2's pre-tokenizer; ByteLevel applies it unless told otherwise. */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** The pattern of GPT-4's pre-tokenizer (cl100k), as Hugging Face files write it. */
export const GPT4_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}" +
  "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** That of Qwen2, in whose tokens every digit is one. */
export const QWEN2_PATTERN = GPT4_PATTERN.replace("\\p{N}{1,3}", "\\p{N}");

/** Other spellings that cut every text at the same places. */
const SPELLINGS = new Map<string, SplitName>([
  [GPT2_PATTERN, "gpt2"],
  [GPT2_PATTERN.replace("'s|'t|'re|'ve|'m|'ll|'d", "'(?:[sdmt]|ll|ve|re)"), "gpt2"],
  [GPT4_PATTERN, "gpt4"],
  [GPT4_PATTERN.replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?i:[sdmt]|ll|ve|re)"), "gpt4"],
  [
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}" +
      "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
    "gpt4",
  ],
  [QWEN2_PATTERN, "qwen2"],
]);

/** The split that a pattern spells, or undefined for any other pattern. */
export function splitOfPattern(pattern: string): SplitName | undefined {
  return SPELLINGS.get(pattern);
}
