import { readFileSync } from "node:fs";
import type { Config } from "../config/types.ts";
import { ByteTokenizer } from "../data/tokenizer/byte-tokenizer.ts";
import { tokenizerFileJson } from "../data/tokenizer/file-json.ts";
import { readTokenizerJson } from "../data/tokenizer/read-json.ts";
import { FlmError } from "../errors.ts";

/**
 * Tokens of the vocabulary, without making a tokenizer: a trained one is taken to reach the size that it is asked for.
 *
 * @throws FlmError DATA_NOT_FOUND where it is in a file that is not there; TOKENIZER_INVALID
 */
export function vocabularySize({ model, tokenizer }: Pick<Config, "model" | "tokenizer">): number {
  if (model.vocab_size !== null) return model.vocab_size;
  if (tokenizer.type === "bytes") return new ByteTokenizer().vocab_size;
  if (tokenizer.type === "bpe") return tokenizer.vocab_size!;
  const { path, split } = tokenizer;
  const json = tokenizerFileJson(readText(path!), path!, split);
  return readTokenizerJson(json).vocabulary.ends.length;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new FlmError("DATA_NOT_FOUND", `tokenizer.path: cannot read ${path}`, {
      hint: "set model.vocab_size to plan without the file",
      cause,
    });
  }
}
