import type { Part, SpecialToken } from "../read/document.ts";
import type { DocumentTokenizer, EncodedDocuments } from "../tokenizer/document-tokenizer.ts";
import type { DocumentBatch } from "./batches.ts";

/** Consecutive tokens, the last excluded. */
export interface TokenRange {
  readonly begin: number;
  readonly end: number;
}

/** A document as tokens, without the one that ends it. */
export interface EncodedDocument {
  readonly ids: Uint32Array;
  /** Tokens of the document that are targets, the one that ends it counted; null for all but the first. */
  readonly supervised: readonly TokenRange[] | null;
  /** Targets, and the bytes of text that they stand for. */
  readonly targets: number;
  readonly target_bytes: number;
}

/** Encodes part by part, so that a prompt that is encoded by itself has the tokens that it had in training. */
export async function encodeBatch(
  { documents, text, ends }: DocumentBatch,
  tokenizer: DocumentTokenizer,
): Promise<EncodedDocument[]> {
  const encoded = await tokenizer.encodeDocuments(text, ends);
  let part = 0;
  return documents.map((document) => {
    const first = part;
    part += document.parts?.length ?? 1;
    if (document.parts === null) return wholly(idsOf(encoded, first), document.text, tokenizer);
    const ids = document.parts.map((_, i) => idsOf(encoded, first + i));
    return partly(ids, document.parts, tokenizer);
  });
}

function idsOf({ ids, ends }: EncodedDocuments, index: number): Uint32Array {
  return ids.subarray(index === 0 ? 0 : ends[index - 1], ends[index]);
}

function wholly(ids: Uint32Array, text: Uint8Array, tokenizer: DocumentTokenizer): EncodedDocument {
  return {
    ids,
    supervised: null,
    // The first token is no target, but the one that ends the document is.
    targets: ids.length,
    target_bytes: text.length - tokenizer.bytesOf(ids[0]!),
  };
}

function partly(
  encoded: readonly Uint32Array[],
  parts: readonly Part[],
  tokenizer: DocumentTokenizer,
): EncodedDocument {
  const ids: number[] = [];
  const supervised: TokenRange[] = [];
  let target_bytes = 0;
  for (const [i, { supervised: isTarget, special, end }] of parts.entries()) {
    const begin = ids.length;
    for (const id of encoded[i]!) ids.push(id);
    const isLast = i === parts.length - 1;
    // Every document gets that token, this one too.
    const isImplied = isLast && special === "end";
    if (special !== null && !isImplied) ids.push(specialId(special, tokenizer));
    if (!isTarget) continue;
    supervised.push({ begin, end: ids.length + (isImplied ? 1 : 0) });
    target_bytes += end - (i === 0 ? 0 : parts[i - 1]!.end);
  }
  const targets = supervised.reduce((sum, { begin, end }) => sum + end - begin, 0);
  return { ids: Uint32Array.from(ids), supervised, targets, target_bytes };
}

function specialId(special: SpecialToken, { eos_id, label_ids }: DocumentTokenizer): number {
  if (special === "end") return eos_id;
  return label_ids![special === "true" ? 0 : 1];
}
