import { FlmError } from "../../errors.ts";
import type { NativeBinding } from "../../native/types.ts";
import { BpeTokenizer } from "./bpe-tokenizer.ts";
import { ByteTokenizer } from "./byte-tokenizer.ts";
import type { DocumentTokenizer } from "./document-tokenizer.ts";
import { readTokenizerJson } from "./read-json.ts";

/**
 * The tokenizer of a tokenizer.json's text, or the embedded byte tokenizer.
 *
 * @param name of the file, for messages
 * @throws FlmError TOKENIZER_INVALID, naming the file and what in it cannot be reproduced exactly
 */
export function loadTokenizer(
  native: Pick<NativeBinding, "createBpeEncoder">,
  json: string,
  name = "tokenizer.json",
): DocumentTokenizer {
  if (json === "bytes") return new ByteTokenizer();
  try {
    return new BpeTokenizer(native, readTokenizerJson(json));
  } catch (error) {
    // The addon's own checks, such as a byte without a piece, come as DATA_INVALID.
    if (!(error instanceof FlmError) || !["TOKENIZER_INVALID", "DATA_INVALID"].includes(error.code))
      throw error;
    throw new FlmError("TOKENIZER_INVALID", `${name}: ${error.message}`, {
      hint: error.hint,
      cause: error,
    });
  }
}
