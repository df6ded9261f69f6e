import { END_OF_TEXT_NAMES } from "./document-tokenizer.ts";
import { invalidTokenizer, isCount, isObject, show } from "./json-object.ts";

/** The special tokens that stand for true and false in FreeLM's teacher samples. */
export const LABEL_NAMES = ["<|true|>", "<|false|>"] as const;

/** Special tokens by their id. */
export type SpecialTokens = ReadonlyMap<number, string>;

/**
 * The `added_tokens`. Only special ones are supported: the others are matched within text, in front of the merges.
 */
export function readSpecialTokens(added: unknown): SpecialTokens {
  const tokens = added ?? [];
  if (!Array.isArray(tokens)) throw invalidTokenizer("added_tokens is not a list");
  const special = new Map<number, string>();
  for (const token of tokens as unknown[]) {
    if (!isObject(token) || !isCount(token.id) || typeof token.content !== "string")
      throw invalidTokenizer(`added_tokens: ${show(token)} needs an id and a content`);
    if (token.special !== true)
      throw invalidTokenizer(
        `added_tokens: ${show(token.content)} is not special, and matching it in text is not supported`,
      );
    if (special.has(token.id))
      throw invalidTokenizer(`added_tokens: id ${token.id} is there twice`);
    special.set(token.id, token.content);
  }
  return special;
}

/** The id of the token that ends a document. */
export function endOfTextId(special: SpecialTokens): number {
  for (const name of END_OF_TEXT_NAMES)
    for (const [id, content] of special) if (content === name) return id;
  const [only] = special.keys();
  if (only !== undefined && special.size === 1) return only;
  throw invalidTokenizer(
    `none of the ${special.size} special tokens among added_tokens is known to end a document`,
    `name one of them ${END_OF_TEXT_NAMES.join(" or ")}`,
  );
}

/** The ids of `LABEL_NAMES`; null unless both are there. */
export function labelIds(special: SpecialTokens): readonly [number, number] | null {
  const ids = new Map([...special].map(([id, content]) => [content, id]));
  const [yes, no] = LABEL_NAMES.map((name) => ids.get(name));
  return yes === undefined || no === undefined ? null : [yes, no];
}
