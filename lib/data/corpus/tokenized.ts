import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NativeBinding } from "../../native/types.ts";
import type { Samples } from "../read/samples.ts";
import type { DocumentTokenizer } from "../tokenizer/document-tokenizer.ts";
import { loadTokenizer } from "../tokenizer/load.ts";
import { type DocumentIndex, readDocumentIndex } from "./document-index.ts";
import { readSpans, spansPath, type SupervisedSpans } from "./supervised-spans.ts";
import { readSummary, type Summary } from "./summary.ts";
import { tokenFileNames } from "./tokenize.ts";

/** Names in the directory of a tokenized corpus, beside the token files. */
export const SUMMARY_FILE = "summary.json";
export const TOKENIZER_FILE = "tokenizer.json";

export interface TokenizedFile {
  /** Absolute. */
  readonly path: string;
  readonly documents: DocumentIndex;
  /** The targets; null where all tokens are. */
  readonly supervised: SupervisedSpans | null;
}

/** A tokenized corpus on disk, with one training and one validation file for each source. */
export interface TokenizedCorpus {
  readonly tokenizer: DocumentTokenizer;
  readonly training: readonly TokenizedFile[];
  readonly validation: readonly TokenizedFile[];
  readonly summary: Summary;
}

/**
 * The corpus in `directory`; null when there is none, or a damaged one. Headers and sizes are checked, but the
 * tokens are not read.
 *
 * @param samples what each source holds
 */
export function openTokenized(
  directory: string,
  samples: readonly Samples[],
  tokenizer: "bytes" | "json",
  native: Pick<NativeBinding, "createBpeEncoder">,
): TokenizedCorpus | null {
  try {
    const summary = readSummary(join(directory, SUMMARY_FILE));
    if (summary === null) return null;
    const names = samples.map((_, source) => tokenFileNames(source));
    const json =
      tokenizer === "bytes" ? tokenizer : readFileSync(join(directory, TOKENIZER_FILE), "utf8");
    return {
      tokenizer: loadTokenizer(native, json),
      training: names.map(({ training }, i) => openFile(join(directory, training), samples[i]!)),
      validation: names.map(({ validation }, i) =>
        openFile(join(directory, validation), samples[i]!),
      ),
      summary,
    };
  } catch {
    return null;
  }
}

function openFile(path: string, samples: Samples): TokenizedFile {
  const documents = readDocumentIndex(path);
  if (documents === null) throw new Error(`${path} is not a whole token file`);
  if (samples === "text") return { path, documents, supervised: null };
  const supervised = readSpans(spansPath(path), documents.tokens);
  if (supervised === null) throw new Error(`${spansPath(path)} does not belong to ${path}`);
  return { path, documents, supervised };
}
