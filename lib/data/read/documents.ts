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

/** All documents of a source, in the order of its files. Holds one document, of Parquet one row group, at a time. */
export async function* readDocuments(source: Source): AsyncGenerator<Document> {
  for (const file of source.files) {
    if (file.format === "text") yield* readTextFile(file);
    else
      for await (const row of readRows(file, source)) {
        const document = documentOf(row, source.samples, source.field);
        if (document) yield document;
      }
  }
}

function readRows(file: SourceFile, { samples, field }: Source): AsyncGenerator<Row> {
  if (file.format === "jsonl") return readJsonlFile(file);
  return readParquetFile(file, columnsOf(samples, field));
}
