import type { NativeBinding } from "../../native/types.ts";
import type { Tokenizer } from "../types.ts";
import type { DocumentTokenizer } from "./document-tokenizer.ts";
import { firstMerges } from "./first-merges.ts";
import { loadTokenizer } from "./load.ts";

/**
 * The tokenizer of a stage whose vocabulary has `vocab_size` tokens: the run's own where that is null or not below its
 * size.
 *
 * @param whole the run's tokenizer
 * @throws FlmError CONFIG_INVALID for fewer tokens than bytes and special tokens
 */
export function stageTokenizer<Whole extends Tokenizer>(
  native: Pick<NativeBinding, "createBpeEncoder">,
  whole: Whole,
  vocab_size: number | null,
): Whole | DocumentTokenizer {
  const json = whole.toJson();
  if (vocab_size === null || json === null || vocab_size >= whole.vocab_size) return whole;
  return loadTokenizer(native, firstMerges(json, vocab_size));
}
