import { FlmError } from "../../errors.ts";
import type { Source } from "../read/documents.ts";
import { BEGINNING, type NumberedDocument, type Pass } from "./pass.ts";
import { DUPLICATE } from "./split.ts";

export interface KeptDocument extends NumberedDocument {
  /** TRAINING or VALIDATION. */
  readonly fate: number;
}

/** The documents of a source's second reading that are no duplicates, with what the first decided about them. */
export async function* keptDocuments(
  pass: Pass,
  source: Source,
  fates: Uint8Array,
  from = BEGINNING,
): AsyncGenerator<KeptDocument> {
  for await (const document of pass.read(source, from)) {
    const fate = fates[document.index];
    if (fate === undefined) throw changedWhileRead("the files of data.sources");
    if (fate !== DUPLICATE) yield { ...document, fate };
  }
}

export function changedWhileRead(what: string): FlmError {
  return new FlmError("DATA_INVALID", `${what} changed while being read`, {
    hint: "run again once nothing writes there",
  });
}
