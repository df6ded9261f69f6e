import { FlmError } from "../../errors.ts";
import { readTokenizerJson } from "./read-json.ts";

/** A tokenizer.json that `readTokenizerJson` accepts, as far as it is cut here. */
interface TokenizerFile {
  added_tokens?: { id: number; content: string }[] | null;
  post_processor?: unknown;
  model: { vocab: Record<string, number>; merges: (string | [string, string])[] };
}

/**
 * The tokenizer.json of the same tokenizer after fewer merges: all single bytes, all added tokens, and what the first
 * merges make, so that it has `vocab_size` tokens. Ids are close together and keep their order: of a tokenizer that
 * `trainTokenizer` made, this is what it makes of the same text when it is asked for that size.
 *
 * Where several merges make one piece, or ids have none, it may have a few tokens less.
 *
 * @throws FlmError CONFIG_INVALID for fewer tokens than bytes and added tokens; TOKENIZER_INVALID
 */
export function firstMerges(json: string, vocab_size: number): string {
  const file = JSON.parse(json) as TokenizerFile;
  const { vocab, merges } = file.model;
  readTokenizerJson(json); // throws where it is not as it is taken to be here
  const added = new Map(file.added_tokens?.map(({ id, content }) => [id, content]));
  const names = new Set(added.values());
  const bytes = Object.keys(vocab).filter((piece) => piece.length === 1 && !names.has(piece));
  const least = bytes.length + added.size;
  if (vocab_size < least)
    throw new FlmError(
      "CONFIG_INVALID",
      `vocab_size ${vocab_size} of a stage is below the tokenizer's ${bytes.length} bytes and ${added.size} added tokens`,
      { hint: `use ${least} or more` },
    );
  const pieces = new Set(bytes);
  let count = 0;
  for (const merge of merges) {
    const result = pairOf(merge).join("");
    if (!pieces.has(result) && added.size + pieces.size === vocab_size) break;
    pieces.add(result);
    count++;
  }
  const isKept = (piece: string, id: number) => pieces.has(piece) || added.get(id) === piece;
  const kept = Object.entries(vocab).filter(([piece, id]) => isKept(piece, id));
  const ids = [...new Set([...kept.map(([, id]) => id), ...added.keys()])].sort((a, b) => a - b);
  const newId = new Map(ids.map((old, id) => [old, id]));
  const cut = {
    ...file,
    added_tokens: file.added_tokens?.map((token) => ({ ...token, id: newId.get(token.id)! })),
    // Not read here, and it may name ids.
    post_processor: null,
    model: {
      ...file.model,
      vocab: Object.fromEntries(kept.map(([piece, id]) => [piece, newId.get(id)!])),
      merges: merges.slice(0, count),
    },
  };
  return `${JSON.stringify(cut, null, 1)}\n`;
}

function pairOf(merge: string | [string, string]): string[] {
  return typeof merge === "string" ? merge.split(" ") : merge;
}
