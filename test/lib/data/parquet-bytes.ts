import { gzipSync } from "node:zlib";

/** A column of a Parquet file; all values have one type, and null is a missing value. */
export interface Column {
  readonly name: string;
  readonly values: readonly (string | Uint8Array | bigint | null)[];
  /** What the footer says, where it is not their number. */
  readonly claimed?: number;
}

const CODECS = { none: 0, gzip: 2 };

/** A Parquet file with one page in each column of each row group. */
export function parquetBytes(
  groups: readonly (readonly Column[])[],
  codec: keyof typeof CODECS = "none",
): Buffer {
  const parts: Buffer[] = [Buffer.from("PAR1")];
  let offset = 4;
  const rowGroups = groups.map((columns) => {
    const chunks = columns.map((column) => {
      const page = pageOf(column);
      const packed = codec === "gzip" ? gzipSync(page) : page;
      const header = struct([
        [1, i32(0)],
        [2, i32(page.length)],
        [3, i32(packed.length)],
        [5, nested([1, i32(column.values.length)], [2, i32(0)], [3, i32(3)], [4, i32(3)])],
      ]);
      const start = offset;
      parts.push(header, packed);
      offset += header.length + packed.length;
      const meta = nested(
        [1, i32(typeOf(column))],
        [2, list([i32(0)])],
        [3, list([binary(column.name)])],
        [4, i32(CODECS[codec])],
        [5, i64(column.claimed ?? column.values.length)],
        [6, i64(header.length + page.length)],
        [7, i64(header.length + packed.length)],
        [9, i64(start)],
      );
      return nested([2, i64(start)], [3, meta]);
    });
    return nested([1, list(chunks)], [2, i64(0)], [3, i64(columns[0]!.values.length)]);
  });
  const leaves = groups[0]!.map((column) =>
    nested([1, i32(typeOf(column))], [3, i32(1)], [4, binary(column.name)]),
  );
  const rows = groups.reduce((sum, columns) => sum + columns[0]!.values.length, 0);
  const footer = struct([
    [1, i32(1)],
    [2, list([nested([4, binary("root")], [5, i32(leaves.length)]), ...leaves])],
    [3, i64(rows)],
    [4, list(rowGroups)],
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, size, Buffer.from("PAR1")]);
}

const BYTE_ARRAY = 6;
const INT64 = 2;

function typeOf({ values }: Column): number {
  return values.some((value) => typeof value === "bigint") ? INT64 : BYTE_ARRAY;
}

/** Definition levels, run by run, and plain values. */
function pageOf({ values }: Column): Buffer {
  const levels = Buffer.from(values.flatMap((value) => [2, value === null ? 0 : 1]));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(levels.length);
  const plain = values.flatMap((value) => {
    if (value === null) return [];
    const word = Buffer.alloc(typeof value === "bigint" ? 8 : 4);
    if (typeof value === "bigint") {
      word.writeBigInt64LE(value);
      return [word];
    }
    const bytes = Buffer.from(value as string);
    word.writeUInt32LE(bytes.length);
    return [word, bytes];
  });
  return Buffer.concat([length, levels, ...plain]);
}

/** A value in Thrift's compact protocol, and the number of its type. */
type Thrift = readonly [type: number, bytes: Buffer];

const i32 = (value: number): Thrift => [5, varint(2 * value)];
const i64 = (value: number): Thrift => [6, varint(2 * value)];
const binary = (text: string): Thrift => [
  8,
  Buffer.concat([varint(text.length), Buffer.from(text)]),
];
const nested = (...fields: [number, Thrift][]): Thrift => [12, struct(fields)];

function list(items: readonly Thrift[]): Thrift {
  const head = Buffer.concat([Buffer.from([0xf0 | items[0]![0]]), varint(items.length)]);
  return [9, Buffer.concat([head, ...items.map(([, bytes]) => bytes)])];
}

function struct(fields: readonly [number, Thrift][]): Buffer {
  let last = 0;
  const parts = fields.flatMap(([id, [type, bytes]]) => {
    const head = Buffer.from([((id - last) << 4) | type]);
    last = id;
    return [head, bytes];
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}
