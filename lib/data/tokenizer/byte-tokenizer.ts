import { FlmError } from "../../errors.ts";
import type { DocumentTokenizer, EncodedDocuments } from "./document-tokenizer.ts";

const BYTES = 256;

/** Every byte is a token, and 256 ends a document. Needs no training and no file. */
export class ByteTokenizer implements DocumentTokenizer {
  readonly vocab_size = BYTES + 1;
  readonly eos_id = BYTES;
  readonly fingerprint = "bytes";
  readonly label_ids = null;

  async encode(text: string): Promise<Int32Array> {
    return Int32Array.from(Buffer.from(text));
  }

  async encodeDocuments(text: Uint8Array, ends: Uint32Array): Promise<EncodedDocuments> {
    return { ids: Uint32Array.from(text), ends };
  }

  decode(ids: ArrayLike<number>): string {
    const bytes: number[] = [];
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      if (!Number.isInteger(id) || id < 0 || id >= this.vocab_size)
        throw new FlmError(
          "INVALID_ARGUMENT",
          `token ${id} is not one of the byte tokenizer's 0 to ${BYTES}`,
        );
      if (id < BYTES) bytes.push(id);
    }
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
  }

  bytesOf(id: number): number {
    return id < BYTES ? 1 : 0;
  }

  toJson(): null {
    return null;
  }
}
