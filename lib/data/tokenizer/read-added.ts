import { END_OF_TEXT_NAMES } from "./document-tokenizer.ts";
import { invalidTokenizer, isCount, isObject, show } from "./json-object.ts";

/** The special tokens that stand for true and false in FreeLM's teacher samples. */
export const LABEL_NAMES = ["<|true|>", "<|false|>"] as const;

/** Special tokens by their id. */
export type SpecialTokens = ReadonlyMap<number, string>;

export interface AddedTokens {
  /** Text never becomes one of them. */
  readonly special: SpecialTokens;
  /** Others by their id: what spells them in a text is one of them. */
  readonly words: ReadonlyMap<number, string>;
}

/** How else than letter by letter a token could be found in a text. */
const MATCHING = ["single_word", "lstrip", "rstrip"] as const;

/** The `added_tokens`. */
export function readAddedTokens(added: unknown): AddedTokens {
  const tokens = added ?? [];
  if (!Array.isArray(tokens)) throw invalidTokenizer("added_tokens is not a list");
  const special = new Map<number, string>();
  const words = new Map<number, string>();
  for (const token of tokens as unknown[]) {
    if (!isObject(token) || !isCount(token.id) || typeof token.content !== "string")
      throw invalidTokenizer(`added_tokens: ${show(token)} needs an id and a content`);
    const { id, content } = token;
    if (special.has(id) || words.has(id))
      throw invalidTokenizer(`added_tokens: id ${id} is there twice`);
    if (token.special === true) {
      special.set(id, content);
      continue;
    }
    const other = MATCHING.find((key) => token[key] === true);
    if (other !== undefined || content === "")
      throw invalidTokenizer(
        `added_tokens: ${show(content)} is not special, and finding it in text ${other ? `with ${other} true ` : ""}is not supported`,
      );
    words.set(id, content);
  }
  return { special, words };
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
