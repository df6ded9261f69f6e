import { conversation } from "./conversation.ts";
import { type Document, type SpecialToken, MAX_DOCUMENT_BYTES, tooLarge } from "./document.ts";
import { preference } from "./preference.ts";
import { proposition } from "./proposition.ts";
import { fieldNames, hasLoneSurrogate, type Row, stringField } from "./row.ts";

/**
 * What the rows of a source are: text, FreeLM's propositions with a label, messages of which the assistant's are
 * learned, or two answers to the same messages of which one is preferred.
 */
export type Samples = "text" | "proposition" | "conversation" | "preference";

/** Text of a document, piece by piece. */
export interface DraftPart {
  readonly text: string;
  readonly supervised: boolean;
  readonly special: SpecialToken | null;
}

/** Columns of a Parquet file that these samples are made of. */
export function columnsOf(samples: Samples, field: string): string[] {
  if (samples === "text") return [field];
  if (samples === "proposition") return [field, "proposition", "label"];
  if (samples === "preference") return ["messages", "prompt", "chosen", "rejected"];
  return ["messages", "prompt", "completion"];
}

/**
 * One document of a row; null for an empty text.
 *
 * @throws FlmError DATA_INVALID, naming the place and the field
 */
export function documentOf(row: Row, samples: Samples, field: string): Document | null {
  if (samples === "text") {
    const text = stringField(row, field, textHint(row));
    if (text === "") return null;
    return {
      text: Buffer.from(text),
      repaired: row.repaired || hasLoneSurrogate(text) ? row.where : null,
      parts: null,
    };
  }
  return assemble(draftOf(row, samples, field), row);
}

function draftOf(row: Row, samples: Exclude<Samples, "text">, field: string): DraftPart[] {
  if (samples === "proposition") return proposition(row, field);
  return samples === "preference" ? preference(row) : conversation(row);
}

function textHint(row: Row): string {
  return `name another field (data.sources[].field, or --field); this row has: ${fieldNames(row)}`;
}

function assemble(draft: readonly DraftPart[], { where, repaired }: Row): Document {
  const texts = draft.map(({ text }) => Buffer.from(text));
  let end = 0;
  const parts = draft.map(({ supervised, special }, i) => ({
    end: (end += texts[i]!.length),
    supervised,
    special,
  }));
  if (end > MAX_DOCUMENT_BYTES) throw tooLarge(where);
  const isBroken = draft.some(({ text }) => hasLoneSurrogate(text));
  return { text: Buffer.concat(texts), repaired: repaired || isBroken ? where : null, parts };
}
