import type { Tokenizer } from "../types.ts";

/** Token ids of several documents one after another; those of document i end at `ends[i]`. */
export interface EncodedDocuments {
  readonly ids: Uint32Array;
  readonly ends: Uint32Array;
}

/** A tokenizer with what preparing a corpus needs. */
export interface DocumentTokenizer extends Tokenizer {
  /** UTF-8 documents that lie one after another in `text`, document i ending at byte `ends[i]`. */
  encodeDocuments(text: Uint8Array, ends: Uint32Array): Promise<EncodedDocuments>;
  /** The special tokens for true and false; null where there are none. */
  readonly label_ids: readonly [number, number] | null;
}

/** Names under which the token that ends a document is known, the one that we write first. */
export const END_OF_TEXT_NAMES = ["<|endoftext|>", "</s>", "<|end_of_text|>"] as const;
