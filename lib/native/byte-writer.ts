import { FlmError } from "../errors.ts";

const INITIAL_BYTES = 1024;
const UINT32_RANGE = 2 ** 32;

/** Appends to a growing buffer in the form that native/engine/codec.h describes. */
export class ByteWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;
  readonly #utf8 = new TextEncoder();

  constructor(magic: number, version: number) {
    this.#uint32(magic);
    this.#uint32(version);
  }

  number(value: number): void {
    const at = this.#grow(8);
    this.#view.setFloat64(at, value, true);
  }

  boolean(value: boolean): void {
    this.number(value ? 1 : 0);
  }

  /** The position of `value` in `names`, which stand in the order of the C++ enumerators. */
  enumerator<Name extends string>(value: Name, names: readonly Name[]): void {
    const position = names.indexOf(value);
    if (position < 0)
      throw new FlmError(
        "INVALID_ARGUMENT",
        `"${value}" is unknown to the native engine; it knows ${names.join(", ")}`,
      );
    this.number(position);
  }

  /** A safe integer from 0 on, as 64 bits. */
  seed(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new FlmError("INVALID_ARGUMENT", `seed ${value} must be an integer from 0 to 2^53 - 1`);
    this.#uint32(value % UINT32_RANGE);
    this.#uint32(Math.floor(value / UINT32_RANGE));
  }

  string(value: string): void {
    this.bytes(this.#utf8.encode(value));
  }

  bytes(values: Uint8Array): void {
    this.#uint32(values.length);
    const at = this.#grow(values.length); // replaces #bytes where they are too few
    this.#bytes.set(values, at);
  }

  int32s(values: Int32Array): void {
    this.#uint32(values.length);
    const at = this.#grow(4 * values.length);
    values.forEach((value, i) => this.#view.setInt32(at + 4 * i, value, true));
  }

  list<Element>(elements: readonly Element[], write: (element: Element) => void): void {
    this.#uint32(elements.length);
    for (const element of elements) write(element);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  #uint32(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
  }

  /** Makes room for `count` bytes and returns where they begin. */
  #grow(count: number): number {
    const at = this.#size;
    this.#size += count;
    if (this.#size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#size, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}
