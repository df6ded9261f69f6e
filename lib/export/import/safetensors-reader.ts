import { statSync } from "node:fs";
import { FlmError, ioError } from "../../errors.ts";
import type { FloatType } from "../floats.ts";
import { readRange } from "../weight-source.ts";

/** Far above the header of any model; it keeps a damaged length from asking for all memory. */
const MAX_HEADER_BYTES = 100e6;

const FLOATS: Readonly<Record<string, FloatType>> = {
  F32: "f32",
  F16: "f16",
  BF16: "bf16",
  F64: "f64",
};

/** All types that the format has, by the bytes of a value. */
const TYPES: Readonly<Record<number, readonly string[]>> = {
  8: ["F64", "I64", "U64"],
  4: ["F32", "I32", "U32"],
  2: ["F16", "BF16", "I16", "U16"],
  1: ["I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2"],
};

const BYTES = new Map(
  Object.entries(TYPES).flatMap(([bytes, types]) =>
    types.map((type) => [type, Number(bytes)] as const),
  ),
);

/** A tensor of a safetensors file. */
export interface StoredTensor {
  name: string;
  dtype: string;
  /** Null for a type that no weights of ours have, such as integers. */
  type: FloatType | null;
  shape: readonly number[];
  /** Byte of the first value in the file. */
  offset: number;
}

/**
 * The tensors of a safetensors file. Everything that the header says is checked: sizes against types and shapes, ranges
 * against the file and each other.
 *
 * @throws FlmError CHECKPOINT_INVALID naming the file and what is wrong, IO
 */
export function readSafetensorsHeader(path: string): StoredTensor[] {
  const size = fileSize(path);
  const invalid = (problem: string) =>
    new FlmError("CHECKPOINT_INVALID", `${path} is not a whole safetensors file: ${problem}`, {
      hint: "download or copy it again",
    });
  if (size < 8) throw invalid(`it has ${size} bytes`);
  const length = Number(Buffer.from(readRange(path, 0, 8)).readBigUInt64LE());
  if (length > size - 8) throw invalid(`a header of ${length} bytes in a file of ${size}`);
  if (length > MAX_HEADER_BYTES) throw invalid(`its header has ${length} bytes`);
  const header = parseObject(readRange(path, 8, length));
  if (header === null) throw invalid("its header is not a JSON object");
  const body = 8 + length;
  const tensors: (StoredTensor & { end: number })[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const problem = problemOf(entry, size - body);
    if (problem !== null) throw invalid(`tensor ${name}: ${problem}`);
    const { dtype, shape, data_offsets } = entry as Entry;
    tensors.push({
      name,
      dtype,
      type: FLOATS[dtype] ?? null,
      shape,
      offset: body + data_offsets[0],
      end: body + data_offsets[1],
    });
  }
  tensors.sort((a, b) => a.offset - b.offset || a.end - b.end);
  for (const [i, { name, offset }] of tensors.entries())
    if (i > 0 && offset < tensors[i - 1]!.end)
      throw invalid(`tensors ${tensors[i - 1]!.name} and ${name} overlap`);
  return tensors;
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

function problemOf(entry: unknown, bodyBytes: number): string | null {
  const { dtype, shape, data_offsets } = (entry ?? {}) as Partial<Record<keyof Entry, unknown>>;
  const valueBytes = typeof dtype === "string" ? BYTES.get(dtype) : undefined;
  if (valueBytes === undefined) return `dtype ${JSON.stringify(dtype)} is not known`;
  if (!isCounts(shape)) return `shape ${JSON.stringify(shape)} is not a list of sizes`;
  if (!isCounts(data_offsets) || data_offsets.length !== 2)
    return `data_offsets ${JSON.stringify(data_offsets)} are not two counts`;
  const [begin, end] = data_offsets as [number, number];
  if (begin > end || end > bodyBytes)
    return `bytes ${begin} to ${end} do not lie in the ${bodyBytes} behind the header`;
  const bytes = shape.reduce((product, size) => product * size, valueBytes);
  if (bytes !== end - begin)
    return `shape [${shape}] of ${dtype} has ${bytes} bytes, data_offsets span ${end - begin}`;
  return null;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function fileSize(path: string): number {
  try {
    return statSync(path).size;
  } catch (cause) {
    throw ioError("read", path, cause);
  }
}
