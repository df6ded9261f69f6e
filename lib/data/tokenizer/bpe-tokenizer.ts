import { createHash } from "node:crypto";
import type {
  BpeVocabulary,
  NativeBinding,
  NativeBpeEncoder,
  SplitName,
} from "../../native/types.ts";
import type { DocumentTokenizer, EncodedDocuments } from "./document-tokenizer.ts";
import { toNfc } from "./nfc.ts";
import type { SpecialTokens } from "./read-added.ts";

/** All that decides how a byte-level BPE tokenizer encodes. */
export interface BpeModel {
  /** Special and unused ids have an empty piece. */
  readonly vocabulary: BpeVocabulary;
  readonly split: SplitName;
  /** Text is brought to Unicode's normal form C first. */
  readonly nfc: boolean;
  /** Of words that the vocabulary has the id counts, not the merges: `ignore_merges` of tokenizer.json. */
  readonly whole_words: boolean;
  readonly eos_id: number;
  readonly label_ids: readonly [number, number] | null;
  readonly special: SpecialTokens;
  /** Tokens that are found in a text as they are, before anything else is done to it, by id. */
  readonly words: ReadonlyMap<number, string>;
  /** The same as a Hugging Face tokenizer.json. */
  readonly json: string;
}

/**
 * Byte-level BPE. Text never becomes a special token, also where it spells the name of one, so that a document
 * cannot end itself.
 */
export class BpeTokenizer implements DocumentTokenizer {
  readonly vocab_size: number;
  readonly eos_id: number;
  readonly fingerprint: string;
  readonly label_ids: BpeModel["label_ids"];
  readonly #encoder: NativeBpeEncoder;
  readonly #ends: Uint32Array;
  readonly #json: string;
  /** Between which text is brought to normal form C; null where it stays as it is. */
  readonly #nfcBetween: readonly string[] | null;

  /** @throws FlmError DATA_INVALID, from the addon, for a vocabulary that cannot encode */
  constructor(native: Pick<NativeBinding, "createBpeEncoder">, model: BpeModel) {
    this.vocab_size = model.vocabulary.ends.length;
    this.eos_id = model.eos_id;
    this.label_ids = model.label_ids;
    this.fingerprint = fingerprintOf(model);
    this.#encoder = native.createBpeEncoder(
      model.vocabulary,
      model.split,
      model.whole_words,
      Uint32Array.from(model.words.keys()),
    );
    this.#ends = model.vocabulary.ends;
    this.#json = model.json;
    this.#nfcBetween = model.nfc ? [...model.words.values()] : null;
  }

  async encode(text: string): Promise<Int32Array> {
    const bytes = Buffer.from(text);
    const { ids } = await this.encodeDocuments(bytes, Uint32Array.of(bytes.length));
    return Int32Array.from(ids);
  }

  encodeDocuments(text: Uint8Array, ends: Uint32Array): Promise<EncodedDocuments> {
    if (this.#nfcBetween === null) return this.#encoder.encode(text, ends);
    const documents = toNfc({ text, ends }, this.#nfcBetween);
    return this.#encoder.encode(documents.text, documents.ends);
  }

  decode(ids: ArrayLike<number>): string {
    const bytes = this.#encoder.decode(Uint32Array.from(ids));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }

  bytesOf(id: number): number {
    return this.#ends[id]! - (id === 0 ? 0 : this.#ends[id - 1]!);
  }

  toJson(): string {
    return this.#json;
  }
}

function fingerprintOf({ vocabulary, split, nfc, whole_words, words, eos_id }: BpeModel): string {
  const way = [
    split,
    ...(nfc ? ["nfc"] : []),
    ...(whole_words ? ["whole_words"] : []),
    ...(words.size > 0 ? [`words ${[...words.keys()].join()}`] : []),
  ].join(" ");
  const hash = createHash("sha256").update(`bpe ${way} ${eos_id} ${vocabulary.ends.length}\n`);
  for (const { buffer, byteOffset, byteLength } of [
    vocabulary.ends,
    vocabulary.merges,
    vocabulary.bytes,
  ])
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest("hex").slice(0, 32);
}
