import { FlmError } from "../../errors.ts";
import type { Document } from "./document.ts";
import { readJsonlFile } from "./jsonl-file.ts";
import { readParquetFile } from "./parquet-file.ts";
import type { Row } from "./row.ts";
import { columnsOf, documentOf, type Samples } from "./samples.ts";
import type { SourceFile } from "./source-files.ts";
import { readTextFile } from "./text-file.ts";

/** The files of one source, and where their text is. */
export interface Source {
  readonly files: readonly SourceFile[];
  /** Field of a JSONL or Parquet row that holds its text. */
  readonly field: string;
  readonly samples: Samples;
}

/** Hears of a row, or of a whole file, that cannot be read. */
export type BadRowHandler = (error: FlmError) => void;

/**
 * All documents of a source, in the order of its files. Holds one document, of Parquet one row group, at a time.
 *
 * @param onBadRow hears of what cannot be read, which is left out then: a row or, where no row behind it can be told
 *   apart, the rest of the file. Without it the first of them is thrown.
 * @throws FlmError DATA_INVALID, naming the file, the place in it, the field and the remedy; IO
 */
export async function* readDocuments(
  source: Source,
  onBadRow?: BadRowHandler,
): AsyncGenerator<Document> {
  for (const file of source.files)
    try {
      for await (const found of documentsOf(file, source))
        if (!(found instanceof FlmError)) yield found;
        else if (onBadRow) onBadRow(found);
        else throw found;
    } catch (error) {
      if (!onBadRow || !isBadData(error)) throw error;
      onBadRow(error);
    }
}

async function* documentsOf(file: SourceFile, source: Source): AsyncGenerator<Document | FlmError> {
  if (file.format === "text") return yield* readTextFile(file);
  for await (const row of readRows(file, source)) {
    const document = row instanceof FlmError ? row : readableDocumentOf(row, source);
    if (document) yield document;
  }
}

function readRows(file: SourceFile, { samples, field }: Source): AsyncGenerator<Row | FlmError> {
  if (file.format === "jsonl") return readJsonlFile(file);
  return readParquetFile(file, columnsOf(samples, field));
}

function readableDocumentOf(row: Row, { samples, field }: Source): Document | FlmError | null {
  try {
    return documentOf(row, samples, field);
  } catch (error) {
    if (isBadData(error)) return error;
    throw error;
  }
}

function isBadData(error: unknown): error is FlmError {
  return error instanceof FlmError && error.code === "DATA_INVALID";
}
