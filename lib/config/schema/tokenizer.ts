import * as z from "zod";
import { key } from "./key.ts";
import { size } from "./size.ts";

export const tokenizerSchema = z.strictObject({
  type: key(
    z.enum(["bytes", "bpe", "file"]).default("bytes"),
    "bytes needs no training; bpe trains a byte-level BPE on the data; file reads a tokenizer.json or a .tiktoken file.",
  ),
  vocab_size: key(
    size.min(257).nullable().default(null),
    "bpe only, required there: tokens to train, with the 256 bytes and the special ones.",
  ),
  path: key(
    z.string().min(1).nullable().default(null),
    "file only, required there: a byte-level tokenizer.json in Hugging Face's format, or ranks in tiktoken's, as a file named .tiktoken.",
  ),
  split: key(
    z.enum(["gpt2", "gpt4"]).default("gpt4"),
    "bpe, and file with a .tiktoken file, which names none: the pattern that cuts text into words before merging.",
  ),
});
