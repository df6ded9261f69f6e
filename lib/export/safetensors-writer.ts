import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { FlmError, ioError } from "../errors.ts";
import { encodeFloats, FLOAT_BYTES, type FloatType } from "./floats.ts";
import { elementCount, type StreamedTensor } from "./streamed-tensor.ts";

const NAMES: Readonly<Record<FloatType, string>> = {
  f32: "F32",
  f16: "F16",
  bf16: "BF16",
  f64: "F64",
};

/** Where a tensor has been written. */
export interface WrittenTensor {
  name: string;
  shape: readonly number[];
  /** The file's name, and the byte of the first value in it. */
  file: string;
  offset: number;
}

export interface ShardOptions {
  type: FloatType;
  /** A shard ends when the next tensor would take it beyond this. */
  shard_bytes: number;
  /** The name of shard `index` of `count`, both counted from 1. */
  fileName: (index: number, count: number) => string;
}

/** Writes tensors, in their order, into safetensors files of `directory`; waits until they have reached the disk. */
export async function writeSafetensors(
  directory: string,
  tensors: readonly StreamedTensor[],
  { type, shard_bytes, fileName }: ShardOptions,
): Promise<WrittenTensor[]> {
  const shards = splitShards(tensors, type, shard_bytes);
  const written: WrittenTensor[] = [];
  for (const [index, shard] of shards.entries()) {
    const file = fileName(index + 1, shards.length);
    const { header, offsets } = encodeHeader(shard, type);
    await writeStreamed(join(directory, file), async (write) => {
      await write(header);
      for (const tensor of shard) await writeValues(tensor, type, write);
    });
    written.push(
      ...shard.map(({ name, shape }, i) => ({ name, shape, file, offset: offsets[i]! })),
    );
  }
  return written;
}

type Write = (bytes: Uint8Array) => Promise<void>;

/** Creates a file and gives `fill` what appends to it; fsyncs in the end. */
export async function writeStreamed(
  path: string,
  fill: (write: Write) => Promise<void>,
): Promise<void> {
  let file: FileHandle | null = null;
  const attempt = <T>(work: () => Promise<T>) =>
    work().catch((cause: unknown) => {
      throw cause instanceof FlmError ? cause : ioError("write", path, cause);
    });
  try {
    file = await attempt(() => open(path, "wx"));
    const handle = file;
    // writeFile writes all of it, where write may write a part and say nothing.
    await fill((bytes) => attempt(() => handle.writeFile(bytes)));
    await attempt(() => handle.sync());
  } finally {
    await file?.close();
  }
}

/** @throws FlmError INTERNAL where a tensor does not give what its shape says: every offset behind it would be wrong. */
async function writeValues(tensor: StreamedTensor, type: FloatType, write: Write): Promise<void> {
  let count = 0;
  for (const piece of tensor.pieces()) {
    count += piece.length;
    await write(encodeFloats(piece, type));
  }
  if (count !== elementCount(tensor.shape))
    throw new FlmError("INTERNAL", `${tensor.name} gave ${count} values for shape ${tensor.shape}`);
}

function splitShards(
  tensors: readonly StreamedTensor[],
  type: FloatType,
  shard_bytes: number,
): StreamedTensor[][] {
  const shards: StreamedTensor[][] = [];
  let bytes = Infinity;
  for (const tensor of tensors) {
    const size = elementCount(tensor.shape) * FLOAT_BYTES[type];
    if (bytes + size > shard_bytes) {
      shards.push([]);
      bytes = 0;
    }
    bytes += size;
    shards.at(-1)!.push(tensor);
  }
  return shards;
}

/** The length and JSON header, padded to 8 bytes, and the byte of each tensor in the file. */
function encodeHeader(
  tensors: readonly StreamedTensor[],
  type: FloatType,
): { header: Uint8Array; offsets: number[] } {
  const entries: Record<string, unknown> = { __metadata__: { format: "pt" } };
  const begins: number[] = [];
  let end = 0;
  for (const { name, shape } of tensors) {
    const begin = end;
    end += elementCount(shape) * FLOAT_BYTES[type];
    begins.push(begin);
    entries[name] = { dtype: NAMES[type], shape, data_offsets: [begin, end] };
  }
  const json = Buffer.from(JSON.stringify(entries));
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, " ");
  header.writeBigUInt64LE(BigInt(header.length - 8), 0);
  json.copy(header, 8);
  return { header, offsets: begins.map((begin) => header.length + begin) };
}
