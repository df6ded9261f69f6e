import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { ioError } from "../errors.ts";

/**
 * A TensorBoard event file: TFRecord framing with masked CRC-32C around Event messages, written by hand because
 * two message types need no library.
 */
export class TensorboardWriter {
  readonly #path: string;
  readonly #file: number;
  readonly #scalars = new Map<string, Buffer>();

  constructor(directory: string) {
    this.#path = join(
      directory,
      `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${hostname()}.${process.pid}`,
    );
    try {
      mkdirSync(directory, { recursive: true });
      this.#file = openSync(this.#path, "a");
    } catch (cause) {
      throw ioError("write", this.#path, cause);
    }
    this.#write(event(0, bytesField(3, Buffer.from("brain.Event:2"))));
  }

  /** One scalar a tag, all at the same step; values that are not finite are left out. */
  scalars(step: number, values: Readonly<Record<string, number>>): void {
    const summary: Buffer[] = [];
    for (const [tag, value] of Object.entries(values))
      if (Number.isFinite(value)) summary.push(this.#scalar(tag, value));
    if (summary.length > 0) this.#write(event(step, bytesField(5, Buffer.concat(summary))));
  }

  /** Until the next one of that tag: every step writes the same tags, so that only their numbers are made anew. */
  #scalar(tag: string, value: number): Buffer {
    let field = this.#scalars.get(tag);
    if (field === undefined) {
      field = bytesField(1, Buffer.concat([bytesField(1, Buffer.from(tag)), floatField(2, 0)]));
      this.#scalars.set(tag, field);
    }
    field.writeFloatLE(value, field.length - 4);
    return field;
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(data: Buffer): void {
    const head = Buffer.alloc(12);
    head.writeBigUInt64LE(BigInt(data.length));
    head.writeUInt32LE(maskedCrc(head.subarray(0, 8)), 8);
    const tail = Buffer.alloc(4);
    tail.writeUInt32LE(maskedCrc(data));
    try {
      // Not writeSync, which on a full disk may write a part and say nothing.
      writeFileSync(this.#file, Buffer.concat([head, data, tail]));
    } catch (cause) {
      throw ioError("write", this.#path, cause);
    }
  }
}

function event(step: number, body: Buffer): Buffer {
  return Buffer.concat([
    doubleField(1, Date.now() / 1000),
    varint((2 << 3) | 0),
    varint(step),
    body,
  ]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

function bytesField(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
}

function doubleField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint((field << 3) | 1), bytes]);
}

function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), bytes]);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C, rotated and shifted as TFRecord wants it, so that a checksum of checksums is not degenerate. */
function maskedCrc(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = CRC_TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
