import { FlmError } from "../../errors.ts";
import { mergesOfRanks } from "./merges-of-ranks.ts";
import { joinPieces } from "./read-vocabulary.ts";
import { readTiktokenRanks } from "./tiktoken-ranks.ts";
import { type TrainedSplit, writeTokenizerJson } from "./write-json.ts";

/**
 * The tokenizer.json that the text of a tokenizer file means: the text itself, or, where the name ends in .tiktoken,
 * its ranks as ids and `<|endoftext|>` behind the last.
 *
 * @param split of a tiktoken file, which does not name its own
 * @throws FlmError TOKENIZER_INVALID, naming file and line of a tiktoken file
 */
export function tokenizerFileJson(text: string, path: string, split: TrainedSplit): string {
  if (!path.endsWith(".tiktoken")) return text;
  try {
    const pieces = readTiktokenRanks(text);
    const vocabulary = joinPieces(pieces.map(({ bytes }) => bytes));
    return writeTokenizerJson({ ...vocabulary, merges: mergesOfRanks(pieces) }, split);
  } catch (error) {
    if (!(error instanceof FlmError)) throw error;
    const { code, message, hint } = error;
    throw new FlmError(code, `${path}: ${message}`, { hint, cause: error });
  }
}
