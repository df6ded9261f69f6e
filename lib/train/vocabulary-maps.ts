import { readTokenizerJson } from "../data/tokenizer/read-json.ts";
import type { PreparedData } from "../data/types.ts";
import { growVocabulary, type VocabularyMap } from "../growth/vocabulary.ts";

/**
 * How the tokens of each stage continue those of the stage before; undefined where they are the same.
 *
 * @param ofStages the run's data, one a stage
 */
export function vocabularyMaps(
  ofStages: readonly Pick<PreparedData, "tokenizer">[],
): (VocabularyMap | undefined)[] {
  return ofStages.map(({ tokenizer }, stage) => {
    const before = ofStages[stage - 1]?.tokenizer;
    if (before === undefined || before.fingerprint === tokenizer.fingerprint) return undefined;
    return growVocabulary(
      readTokenizerJson(before.toJson()!),
      readTokenizerJson(tokenizer.toJson()!),
    );
  });
}
