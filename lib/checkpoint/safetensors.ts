import type { ManifestTensor } from "./manifest.ts";

const DTYPES = { f32: "F32", bf16: "BF16", f64: "F64" } as const;
const ELEMENT_BYTES = { f32: 4, bf16: 2, f64: 8 } as const;

export type ElementType = keyof typeof ELEMENT_BYTES;

export interface TensorDescription {
  name: string;
  dtype: ElementType;
  rows: number;
  cols: number;
}

export function byteLength({ dtype, rows, cols }: TensorDescription): number {
  return rows * cols * ELEMENT_BYTES[dtype];
}

/**
 * The first bytes of a safetensors file (length and JSON header, padded to 8 bytes) whose tensors follow in the
 * given order without gaps, and the byte offset of each in the file.
 */
export function safetensorsHeader(tensors: readonly TensorDescription[]): {
  header: Uint8Array;
  offsets: number[];
} {
  const entries: Record<string, unknown> = { __metadata__: { format: "pt" } };
  const ends: number[] = [];
  let end = 0;
  for (const tensor of tensors) {
    const begin = end;
    end += byteLength(tensor);
    ends.push(begin);
    const isVector = tensor.rows === 1 && !tensor.name.includes(".weight");
    entries[tensor.name] = {
      dtype: DTYPES[tensor.dtype],
      shape: isVector ? [tensor.cols] : [tensor.rows, tensor.cols],
      data_offsets: [begin, end],
    };
  }
  const json = new TextEncoder().encode(JSON.stringify(entries));
  const padded = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + padded).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(json, 8);
  return { header, offsets: ends.map((begin) => header.length + begin) };
}

/** The name of a parameter's optimizer state or master in a shard. */
export function storedName(name: string, kind: ManifestTensor["kind"]): string {
  return `${name}.${kind}`;
}
