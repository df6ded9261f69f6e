import type { Tokenizer } from "../data/types.ts";

/** The text of what a model wrote. A model may have more rows than its tokenizer has tokens; those say nothing. */
export function decodeWritten(tokenizer: Tokenizer, ids: Iterable<number>): string {
  return tokenizer.decode([...ids].filter((id) => id < tokenizer.vocab_size));
}
