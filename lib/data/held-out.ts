import type { Config } from "../config/types.ts";
import type { TokenizedCorpus } from "./corpus/tokenized.ts";

/** A corpus with a single document, such as one large text file, has nothing to validate on. */
export function heldOutWarnings(
  { fraction }: Config["data"]["validation"],
  { training, validation }: Pick<TokenizedCorpus, "training" | "validation">,
): string[] {
  if (fraction === 0 || validation.some(({ documents }) => documents.count > 0)) return [];
  const count = training.reduce((sum, { documents }) => sum + documents.count, 0);
  return [
    `nothing is held out for validation, so the run measures no validation loss: data.sources has ${count} document, and ` +
      "documents are held out whole; split the file into several, or write a .jsonl file with a document a line",
  ];
}
