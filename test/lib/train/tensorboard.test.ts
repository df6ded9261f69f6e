import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TensorboardWriter } from "../../../lib/train/tensorboard.ts";
import { failure } from "../failure.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** CRC-32C bit by bit, from its definition. */
function crc32c(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function masked(data: Buffer): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** The records of a TFRecord file, their checksums verified. */
function records(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(masked(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(masked(data));
    found.push(data);
    at += 16 + length;
  }
  return found;
}

type Field = [number: number, value: number | bigint | Buffer];

/** The fields of a protobuf message: varints, doubles, floats and bytes. */
function fields(message: Buffer): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = Number(varint());
    const take = (bytes: number) => message.subarray(at, (at += bytes));
    const read = {
      0: varint,
      1: () => take(8).readDoubleLE(),
      2: () => take(Number(varint())),
      5: () => take(4).readFloatLE(),
    }[tag & 7]!;
    found.push([tag >> 3, read()]);
  }
  return found;
}

function write(use: (writer: TensorboardWriter) => void): Buffer[] {
  const directory = join(temporaryDirectory(), "tensorboard");
  const writer = new TensorboardWriter(directory);
  use(writer);
  writer.close();
  const [name] = readdirSync(directory);
  expect(name).toMatch(/^events\.out\.tfevents\.\d+\./);
  return records(readFileSync(join(directory, name!)));
}

test("the checksum is CRC-32C", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
});

test("a file begins with its version", () => {
  const [first] = write(() => {});
  expect(fields(first!)).toContainEqual([3, Buffer.from("brain.Event:2")]);
});

test("scalars are read back, at their step", () => {
  const [, event] = write((writer) =>
    writer.scalars([{ step: 2 ** 33 + 5, values: { "train/loss": 1.5, lr: 0.25 } }]),
  );
  const content = fields(event!);
  expect(content[1]).toEqual([2, 2n ** 33n + 5n]);
  const [, summary] = content[2]!;
  const values = fields(summary as Buffer).map(([, value]) => fields(value as Buffer));
  expect(values).toEqual([
    [
      [1, Buffer.from("train/loss")],
      [2, 1.5],
    ],
    [
      [1, Buffer.from("lr")],
      [2, 0.25],
    ],
  ]);
});

test("values that are not finite are left out", () => {
  const [, ...events] = write((writer) => {
    writer.scalars([
      { step: 1, values: { loss: Number.NaN } },
      { step: 2, values: { loss: Infinity, lr: 1 } },
    ]);
  });
  expect(events).toHaveLength(1);
  const [, summary] = fields(events[0]!)[2]!;
  expect(fields(summary as Buffer)).toHaveLength(1);
});

test("what the file system refuses names the path", () => {
  expect(failure(() => new TensorboardWriter("/dev/null/tensorboard"))).toMatchObject({
    code: "IO",
    message: expect.stringContaining("/dev/null/tensorboard"),
  });
});
