import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { ioError } from "../errors.ts";

/** Events wait so long for others: together they cost a small model's steps a third of what they cost one by one. */
const WAIT_MS = 1000;

/** The scalars of a step. */
interface Waiting {
  at_ms: number;
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
  #waiting: Waiting[] = [];

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
    this.#write(record(event(Date.now(), 0, bytesField(3, Buffer.from("brain.Event:2")))));
  }

  /**
   * One scalar a tag, all at the same step; values that are not finite are left out. They are in the file a second
   * later, with the next ones, or when `flush` returns.
   */
  scalars(step: number, values: Readonly<Record<string, number>>): void {
    const at_ms = Date.now();
    this.#waiting.push({ at_ms, step, values });
    if (at_ms - this.#waiting[0]!.at_ms >= WAIT_MS) this.flush();
  }

  flush(): void {
    const records = this.#waiting.flatMap(({ at_ms, step, values }) => {
      const finite = Object.entries(values).filter(([, value]) => Number.isFinite(value));
      const summary = Buffer.concat(finite.map(([tag, value]) => scalar(tag, value)));
      return finite.length > 0 ? [record(event(at_ms, step, bytesField(5, summary)))] : [];
    });
    this.#waiting = [];
    if (records.length > 0) this.#write(Buffer.concat(records));
  }

  close(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.#file);
    }
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

function record(data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(data.length));
  head.writeUInt32LE(maskedCrc(head.subarray(0, 8)), 8);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(maskedCrc(data));
  return Buffer.concat([head, data, tail]);
}

function scalar(tag: string, value: number): Buffer {
  return bytesField(1, Buffer.concat([bytesField(1, Buffer.from(tag)), floatField(2, value)]));
}

function event(at_ms: number, step: number, body: Buffer): Buffer {
  return Buffer.concat([doubleField(1, at_ms / 1000), varint((2 << 3) | 0), varint(step), body]);
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
