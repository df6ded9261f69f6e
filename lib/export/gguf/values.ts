/** A value of a GGUF header (spec: the GGUF format, version 3). */
export type GgufValue =
  | { type: "u32" | "i32"; value: number }
  | { type: "f32"; value: number }
  | { type: "bool"; value: boolean }
  | { type: "string"; value: string }
  | { type: "strings"; value: readonly string[] }
  | { type: "i32s"; value: readonly number[] };

const IDS = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

/** Appends little-endian fields. */
export class GgufBytes {
  readonly #parts: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return this.#append(bytes);
  }

  u64(value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return this.#append(bytes);
  }

  /** Length and UTF-8 bytes. */
  string(text: string): this {
    const bytes = Buffer.from(text);
    return this.u64(bytes.length).#append(bytes);
  }

  value({ type, value }: GgufValue): this {
    switch (type) {
      case "u32":
        return this.u32(IDS.u32).u32(value);
      case "i32":
        return this.u32(IDS.i32).#i32(value);
      case "f32":
        return this.u32(IDS.f32).#f32(value);
      case "bool":
        return this.u32(IDS.bool).#append(Buffer.of(value ? 1 : 0));
      case "string":
        return this.u32(IDS.string).string(value);
      case "strings":
        this.u32(IDS.array).u32(IDS.string).u64(value.length);
        for (const text of value) this.string(text);
        return this;
      case "i32s":
        this.u32(IDS.array).u32(IDS.i32).u64(value.length);
        return this.#append(Buffer.from(Int32Array.from(value).buffer));
    }
  }

  /** Zeros up to a multiple of `alignment`. */
  align(alignment: number): this {
    return this.#append(Buffer.alloc(-this.#length & (alignment - 1)));
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  #i32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return this.#append(bytes);
  }

  #f32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return this.#append(bytes);
  }

  #append(bytes: Buffer): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }
}
