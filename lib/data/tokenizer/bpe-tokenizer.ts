import { createHash } from "node:crypto";
import type {
  BpeVocabulary,
  NativeBinding,
  NativeBpeEncoder,
  SplitName,
} from "../../native/types.ts";
import type { DocumentTokenizer, EncodedDocuments } from "./document-tokenizer.ts";
import type { SpecialTokens } from "./read-special.ts";

/** All that decides how a byte-level BPE tokenizer encodes. */
export interface BpeModel {
  /** Special and unused ids have an empty piece. */
  readonly vocabulary: BpeVocabulary;
  readonly split: SplitName;
  readonly eos_id: number;
  readonly label_ids: readonly [number, number] | null;
  readonly special: SpecialTokens;
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

  /** @throws FlmError DATA_INVALID, from the addon, for a vocabulary that cannot encode */
  constructor(native: Pick<NativeBinding, "createBpeEncoder">, model: BpeModel) {
    this.vocab_size = model.vocabulary.ends.length;
    this.eos_id = model.eos_id;
    this.label_ids = model.label_ids;
    this.fingerprint = fingerprintOf(model);
    this.#encoder = native.createBpeEncoder(model.vocabulary, model.split);
    this.#ends = model.vocabulary.ends;
    this.#json = model.json;
  }

  async encode(text: string): Promise<Int32Array> {
    const bytes = Buffer.from(text);
    const { ids } = await this.#encoder.encode(bytes, Uint32Array.of(bytes.length));
    return Int32Array.from(ids);
  }

  encodeDocuments(text: Uint8Array, ends: Uint32Array): Promise<EncodedDocuments> {
    return this.#encoder.encode(text, ends);
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

function fingerprintOf({ vocabulary, split, eos_id }: BpeModel): string {
  const hash = createHash("sha256").update(`bpe ${split} ${eos_id} ${vocabulary.ends.length}\n`);
  for (const { buffer, byteOffset, byteLength } of [
    vocabulary.ends,
    vocabulary.merges,
    vocabulary.bytes,
  ])
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest("hex").slice(0, 32);
}
