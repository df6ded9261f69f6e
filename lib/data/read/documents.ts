import { type Document } from "./document.ts";
import { readJsonlFile } from "./jsonl-file.ts";
import type { SourceFile } from "./source-files.ts";
import { readTextFile } from "./text-file.ts";

/** The files of one source, and where their text is. */
export interface Source {
  readonly files: readonly SourceFile[];
  /** Field of a JSONL line. */
  readonly field: string;
}

/** All documents of a source, in the order of its files. Holds one document at a time. */
export async function* readDocuments(source: Source): AsyncGenerator<Document> {
  for (const file of source.files) {
    if (file.format === "jsonl") yield* readJsonlFile(file, source.field);
    else yield* readTextFile(file);
  }
}
