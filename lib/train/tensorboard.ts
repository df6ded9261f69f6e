import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { ioError } from "../errors.ts";

/** Scalars of one step, one a tag. */
export interface Scalars {
  step: number;
  values: Readonly<Record<string, number>>;
}

/**
 * A TensorBoard event file: TFRecord framing with masked CRC-32C around Event messages, written by hand because
 * two message types need no library.
 */
export class TensorboardWriter {
  readonly #path: string;
  readonly #file: number;
  /** The same few all through a run. */
  readonly #tags = new Map<string, Buffer>();

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
    this.#write(versionRecord());
  }

  /** Values that are not finite are left out. */
  scalars(events: readonly Scalars[]): void {
    const time = Date.now() / 1000;
    const records = events.flatMap(({ step, values }) => {
      const finite: Scalar[] = [];
      for (const tag in values)
        if (Number.isFinite(values[tag])) finite.push({ tag: this.#tag(tag), value: values[tag]! });
      return finite.length > 0 ? [scalarsRecord(time, step, finite)] : [];
    });
    if (records.length > 0) this.#write(Buffer.concat(records));
  }

  #tag(name: string): Buffer {
    let tag = this.#tags.get(name);
    if (!tag) this.#tags.set(name, (tag = Buffer.from(name)));
    return tag;
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(data: Buffer): void {
    try {
      // Not writeSync, which on a full disk may write a part and say nothing.
      writeFileSync(this.#file, data);
    } catch (cause) {
      throw ioError("write", this.#path, cause);
    }
  }
}

/** A TFRecord: length, its checksum, data, its checksum. */
function record(size: number, write: (data: Message) => void): Buffer {
  const bytes = Buffer.allocUnsafe(size + 16);
  bytes.writeBigUInt64LE(BigInt(size));
  bytes.writeUInt32LE(maskedCrc(bytes.subarray(0, 8)), 8);
  const data = bytes.subarray(12, 12 + size);
  write(new Message(data));
  bytes.writeUInt32LE(maskedCrc(data), 12 + size);
  return bytes;
}

interface Scalar {
  readonly tag: Buffer;
  readonly value: number;
}

/** The first record of a file. */
function versionRecord(): Buffer {
  const version = Buffer.from("brain.Event:2");
  return record(TIME_SIZE + bytesSize(version.length), (event) => {
    event.double(1, Date.now() / 1000);
    event.bytes(3, version);
  });
}

/** Of an event with these scalars. */
function scalarsRecord(time: number, step: number, scalars: readonly Scalar[]): Buffer {
  const sizes = scalars.map(({ tag }) => bytesSize(tag.length) + FLOAT_SIZE);
  const summary = sizes.reduce((sum, size) => sum + bytesSize(size), 0);
  const size = TIME_SIZE + 1 + varintSize(step) + bytesSize(summary);
  return record(size, (event) => {
    event.double(1, time);
    event.integer(2, step);
    event.open(5, summary);
    for (const [i, { tag, value }] of scalars.entries()) {
      event.open(1, sizes[i]!);
      event.bytes(1, tag);
      event.float(2, value);
    }
  });
}

const [TIME_SIZE, FLOAT_SIZE] = [9, 5];

function varintSize(value: number): number {
  return value < 128 ? 1 : 1 + varintSize(Math.floor(value / 128));
}

/** With tag and length; all fields have numbers below 16. */
function bytesSize(length: number): number {
  return 1 + varintSize(length) + length;
}

/** Writes the fields of a protobuf message, one after another. */
class Message {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  integer(field: number, value: number): void {
    this.#varint(field << 3);
    this.#varint(value);
  }

  double(field: number, value: number): void {
    this.#varint((field << 3) | 1);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  float(field: number, value: number): void {
    this.#varint((field << 3) | 5);
    this.#at = this.#bytes.writeFloatLE(value, this.#at);
  }

  bytes(field: number, value: Buffer): void {
    this.open(field, value.length);
    this.#at += value.copy(this.#bytes, this.#at);
  }

  /** Begins a field of `length` bytes, which are written next. */
  open(field: number, length: number): void {
    this.#varint((field << 3) | 2);
    this.#varint(length);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes[this.#at++] = (rest % 128) | 128;
    this.#bytes[this.#at++] = rest;
  }
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
