import { FlmError } from "../../errors.ts";
import type { Source } from "../read/documents.ts";
import { hashDocument } from "./document-hash.ts";
import { HashSet } from "./hash-set.ts";
import { Pass, type PassOptions } from "./pass.ts";
import { Splitter, type SplitResult } from "./split.ts";

/** What a first reading of the whole corpus tells. */
export interface Survey extends SplitResult {
  readonly duplicate_documents: number;
  /** Documents, duplicates aside, in which something that is no text became U+FFFD. */
  readonly repaired_documents: number;
  /** Some of them end with a label that is a special token. */
  readonly has_labels: boolean;
}

/**
 * Reads everything once to find exact duplicates and to hold documents out. Of equal documents the first stays.
 *
 * @param fraction of the documents to hold out
 * @throws FlmError DATA_EMPTY when there is no text at all
 */
export async function surveyCorpus(
  sources: readonly Source[],
  fraction: number,
  options: PassOptions,
): Promise<Survey> {
  const pass = new Pass("reading", null, options);
  const seen = new HashSet();
  const splitter = new Splitter(fraction);
  let duplicate_documents = 0;
  let repaired_documents = 0;
  let has_labels = false;
  for (const source of sources)
    for await (const document of pass.read(source)) {
      const { text, repaired, parts } = document;
      const hash = hashDocument(document);
      if (seen.add(hash)) {
        splitter.add(hash, text.length);
        if (repaired) repaired_documents++;
        if (parts?.some(({ special }) => special === "true" || special === "false"))
          has_labels = true;
      } else {
        splitter.addDuplicate();
        duplicate_documents++;
      }
      pass.advance(text.length);
    }
  if (pass.documents === 0)
    throw new FlmError("DATA_EMPTY", "data.sources: there is no text in any of the files", {
      hint: "name files that are not empty, or another data.sources[].field",
    });
  return { ...splitter.finish(), duplicate_documents, repaired_documents, has_labels };
}
