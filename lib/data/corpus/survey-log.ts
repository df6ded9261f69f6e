import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { AppendFile } from "./append-file.ts";
import { Journal } from "./journal.ts";
import type { BadRows } from "./survey.ts";

/** Numbers that the survey keeps of a document, of 32 bits each. */
const RECORD_FIELDS = 4;
const RECORD_BYTES = 4 * RECORD_FIELDS;
/** Records that wait in memory before they are written. */
const WAITING = 4096;

/** Where a survey stands: in which source and file, and behind how many of the file's documents. */
interface Standing {
  records: number;
  place: { source: number; file: number; document: number };
  bad_rows: BadRows[];
  /** Where the first document is of which some was no text. */
  first_repaired: string | null;
}

/** What a survey has seen, on disk, so that a second attempt need not see it again. */
export class SurveyLog {
  /** For the survey to keep up to date: the next commit states it. */
  readonly notes: Omit<Standing, "records">;
  readonly #file: AppendFile;
  readonly #journal: Journal<Standing>;
  readonly #waiting = new Uint32Array(WAITING * RECORD_FIELDS);
  #count = 0;

  private constructor(
    file: AppendFile,
    journal: Journal<Standing>,
    { place, bad_rows, first_repaired }: SurveyLog["notes"],
  ) {
    this.#file = file;
    this.#journal = journal;
    this.notes = { place, bad_rows, first_repaired };
  }

  /** The log in the directory `work`, begun where there is none; `replay` gets what an earlier attempt committed. */
  static async open(
    work: string,
    sources: number,
    replay: (record: Uint32Array) => void,
  ): Promise<SurveyLog> {
    const path = join(work, "survey.log");
    const journal = new Journal<Standing>(join(work, "survey.json"));
    const committed = journal.read();
    if (committed === null) {
      const place = { source: 0, file: 0, document: 0 };
      const bad_rows = Array.from({ length: sources }, () => ({ count: 0, first: null }));
      const file = existsSync(path)
        ? await AppendFile.reopen(path, 0)
        : await AppendFile.create(path);
      return new SurveyLog(file, journal, { place, bad_rows, first_repaired: null });
    }
    const file = await AppendFile.reopen(path, committed.records * RECORD_BYTES);
    for await (const record of recordsOf(path)) replay(record);
    return new SurveyLog(file, journal, committed);
  }

  append(record: Uint32Array): void | Promise<void> {
    this.#waiting.set(record, this.#count++ * RECORD_FIELDS);
    if (this.#count === WAITING) return this.#flush();
  }

  /** Puts everything so far on disk. */
  async commit(): Promise<void> {
    await this.#flush();
    await this.#file.sync();
    const records = this.#file.bytes / RECORD_BYTES;
    this.#journal.write({ records, ...this.notes });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    const { buffer } = this.#waiting.slice(0, this.#count * RECORD_FIELDS);
    this.#count = 0;
    await this.#file.append(new Uint8Array(buffer));
  }
}

async function* recordsOf(path: string): AsyncGenerator<Uint32Array> {
  // A multiple of the record, as all that is read before the end of the file.
  const chunks = createReadStream(path, { highWaterMark: WAITING * RECORD_BYTES });
  for await (const chunk of chunks as AsyncIterable<Buffer>) {
    const records = new Uint32Array(new Uint8Array(chunk).buffer);
    for (let at = 0; at < records.length; at += RECORD_FIELDS)
      yield records.subarray(at, at + RECORD_FIELDS);
  }
}
