import type { KeptDocument } from "./kept-documents.ts";

/** Consecutive documents that are encoded by one native call. */
export interface DocumentBatch {
  readonly documents: readonly KeptDocument[];
  /** Their texts, one after another. */
  readonly text: Uint8Array;
  /** Byte of `text` at which each part of each document ends; a document without parts is one. */
  readonly ends: Uint32Array;
}

/** Enough text to keep all threads of the encoder busy. */
const BATCH_BYTES = 4 << 20;

/**
 * Gathers documents in order; only the last batch, or one with a very large document, differs much in size.
 *
 * @param most bytes of a batch that is not to hold more than one shard
 */
export async function* batches(
  documents: AsyncIterable<KeptDocument>,
  most = BATCH_BYTES,
): AsyncGenerator<DocumentBatch> {
  const enough = Math.min(most, BATCH_BYTES);
  let gathered: KeptDocument[] = [];
  let bytes = 0;
  for await (const document of documents) {
    gathered.push(document);
    bytes += document.text.length;
    if (bytes < enough) continue;
    yield toBatch(gathered);
    gathered = [];
    bytes = 0;
  }
  if (gathered.length > 0) yield toBatch(gathered);
}

function toBatch(documents: KeptDocument[]): DocumentBatch {
  const ends: number[] = [];
  let begin = 0;
  for (const { text, parts } of documents) {
    if (parts === null) ends.push(begin + text.length);
    else for (const { end } of parts) ends.push(begin + end);
    begin += text.length;
  }
  return {
    documents,
    text: Buffer.concat(documents.map(({ text }) => text)),
    ends: Uint32Array.from(ends),
  };
}
