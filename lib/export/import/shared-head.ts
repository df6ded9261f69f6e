import type { WeightSource } from "../weight-source.ts";
import type { HfConfig } from "./hf-config.ts";

const HEAD = "lm_head.weight";

/** Values that are compared at a time. */
const PIECE_VALUES = 1 << 20;

/** Where a model's embedding and head are, by the names in its files. */
export interface EmbeddingAndHead {
  embedding: string;
  /** Null where the head is the embedding. */
  head: string | null;
  warnings: string[];
}

/**
 * What `tie_word_embeddings` means for these files. As in transformers they count for more than config.json: a head that
 * differs from the embedding is one of its own, and of a shared pair either may be the one that was saved.
 *
 * @param embedding its name in the files
 * @param fallback of files that do not say
 */
export function embeddingAndHead(
  config: HfConfig,
  source: WeightSource,
  embedding: string,
  fallback: boolean,
): EmbeddingAndHead {
  if (!config.flag("tie_word_embeddings", fallback)) return { embedding, head: HEAD, warnings: [] };
  if (source.sizeOf(HEAD) === undefined) return { embedding, head: null, warnings: [] };
  if (source.sizeOf(embedding) === undefined) return { embedding: HEAD, head: null, warnings: [] };
  if (areEqual(source, embedding, HEAD)) return { embedding, head: null, warnings: [] };
  const warning =
    `config.json says tie_word_embeddings true, but ${HEAD} differs from ${embedding}: ` +
    "it is taken as a head of its own, as transformers does from version 5 on";
  return { embedding, head: HEAD, warnings: [warning] };
}

function areEqual(source: WeightSource, one: string, other: string): boolean {
  const [a, b] = [source.sizeOf(one)!, source.sizeOf(other)!];
  // A head of another shape is refused with the shapes, later.
  if (a.rows !== b.rows || a.cols !== b.cols) return false;
  const step = Math.max(1, Math.floor(PIECE_VALUES / a.cols));
  for (let row = 0; row < a.rows; row += step) {
    const rows = Math.min(step, a.rows - row);
    const others = source.read(other, row, rows);
    if (source.read(one, row, rows).some((value, i) => value !== others[i])) return false;
  }
  return true;
}
