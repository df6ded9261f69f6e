import type { Source } from "../read/documents.ts";
import { keptDocuments } from "./kept-documents.ts";
import { Pass, type ReadingOptions } from "./pass.ts";
import { TRAINING } from "./split.ts";
import type { Survey } from "./survey.ts";

/** More text hardly changes the merges. */
const MAX_SAMPLE_BYTES = 1e9;

/** The training documents, or an even sample of them where they are more than the tokenizer needs. */
export async function* tokenizerSample(
  sources: readonly Source[],
  survey: Survey,
  options: ReadingOptions,
  max_bytes = MAX_SAMPLE_BYTES,
): AsyncGenerator<Uint8Array> {
  const share = Math.min(1, max_bytes / survey.training_bytes);
  const pass = new Pass("training tokenizer", survey.training_bytes, options);
  // Bytes by which the sample lies behind its share; the first document is always taken.
  let behind = 0;
  for (const source of sources)
    for await (const { text, fate } of keptDocuments(pass, source, survey.fates)) {
      if (fate !== TRAINING) continue;
      if (behind >= 0) {
        behind -= text.length;
        yield text;
      }
      behind += share * text.length;
      pass.advance(text.length);
    }
}
