import type { FlmError } from "../../errors.ts";
import { HashSet } from "../../hash-set.ts";
import type { Source } from "../read/documents.ts";
import { hashDocument } from "./document-hash.ts";
import { type NumberedDocument, Pass, type ReadingOptions } from "./pass.ts";
import { Splitter, type SplitResult } from "./split.ts";
import { SHARD_BYTES } from "./shard.ts";
import { SurveyLog } from "./survey-log.ts";

/** What a first reading of the whole corpus tells. */
export interface Survey extends SplitResult {
  readonly duplicate_documents: number;
  /** Documents, duplicates aside, in which something that is no text became U+FFFD. */
  readonly repaired_documents: number;
  /** Where the first of them is. */
  readonly first_repaired: string | null;
  /** Some of them end with a label that is a special token. */
  readonly has_labels: boolean;
  /** What was left out, by source. */
  readonly bad_rows: readonly BadRows[];
}

/** Rows of a source that could not be read. */
export interface BadRows {
  count: number;
  /** What is wrong with the first, and where it is. */
  first: string | null;
}

/**
 * Reads everything once to find exact duplicates and to hold documents out. Of equal documents the first stays. What
 * has been learned is logged in `work`, where an interrupted survey goes on.
 *
 * @param fraction of the documents to hold out
 */
export async function surveyCorpus(
  sources: readonly Source[],
  fraction: number,
  work: string,
  options: ReadingOptions,
): Promise<Survey> {
  const findings = new Findings(fraction);
  const log = await SurveyLog.open(work, sources.length, (record) => findings.add(record));
  try {
    const { notes } = log;
    const { place, bad_rows } = notes;
    const onBadRow = (error: FlmError) => {
      const own = bad_rows[place.source]!;
      own.count++;
      own.first ??= error.message;
    };
    const pass = new Pass(
      "reading",
      null,
      { ...options, onBadRow: options.onBadRow && onBadRow },
      { documents: findings.documents, bytes: findings.bytes },
    );
    const shard = options.shard_bytes ?? SHARD_BYTES;
    let committed = pass.bytes;
    for (; place.source < sources.length; place.source++, place.file = place.document = 0) {
      const from = { file: place.file, document: place.document };
      for await (const document of pass.read(sources[place.source]!, from)) {
        const record = recordOf(document);
        findings.add(record);
        await log.append(record);
        notes.first_repaired ??= document.repaired;
        Object.assign(place, document.end);
        pass.advance(document.text.length);
        if (pass.bytes - committed < shard) continue;
        await log.commit();
        committed = pass.bytes;
      }
    }
    return { ...findings.finish(), bad_rows, first_repaired: notes.first_repaired };
  } finally {
    await log.close();
  }
}

const REPAIRED = 1;
const HAS_LABEL = 2;

/** Hash, bytes of text and flags of a document: all that the survey keeps of it. */
type Record = Uint32Array;

function recordOf(document: NumberedDocument): Record {
  const { text, repaired, parts } = document;
  const { high, low } = hashDocument(document);
  const hasLabel = parts?.some(({ special }) => special === "true" || special === "false");
  const flags = (repaired === null ? 0 : REPAIRED) | (hasLabel ? HAS_LABEL : 0);
  return Uint32Array.of(high, low, text.length, flags);
}

/** What the records say together, in the order of the documents. */
class Findings {
  readonly #seen = new HashSet();
  readonly #splitter: Splitter;
  #duplicates = 0;
  #repaired = 0;
  #hasLabels = false;
  documents = 0;
  bytes = 0;

  constructor(fraction: number) {
    this.#splitter = new Splitter(fraction);
  }

  add(record: Record): void {
    const [high, low, bytes, flags] = record as unknown as [number, number, number, number];
    this.documents++;
    this.bytes += bytes;
    if (!this.#seen.add({ high, low })) {
      this.#splitter.addDuplicate();
      this.#duplicates++;
      return;
    }
    this.#splitter.add({ high, low }, bytes);
    if (flags & REPAIRED) this.#repaired++;
    if (flags & HAS_LABEL) this.#hasLabels = true;
  }

  finish(): Omit<Survey, "bad_rows" | "first_repaired"> {
    return {
      ...this.#splitter.finish(),
      duplicate_documents: this.#duplicates,
      repaired_documents: this.#repaired,
      has_labels: this.#hasLabels,
    };
  }
}
