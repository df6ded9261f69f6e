import { encodeFloats, halfOf } from "../floats.ts";

/** What the matrices of a GGUF file are stored in. */
export const GGUF_TYPES = ["f32", "f16", "bf16", "q8_0"] as const;
export type GgufType = (typeof GGUF_TYPES)[number];

/** Of a tensor, in its header. */
export const TENSOR_TYPE_IDS: Readonly<Record<GgufType, number>> = {
  f32: 0,
  f16: 1,
  q8_0: 8,
  bf16: 30,
};

/** Of a file, under general.file_type: what most of its matrices are. */
export const FILE_TYPE_IDS: Readonly<Record<GgufType, number>> = {
  f32: 0,
  f16: 1,
  q8_0: 7,
  bf16: 32,
};

/** Values that share a scale in q8_0; a row must be whole blocks. */
export const BLOCK = 32;
const BLOCK_BYTES = 2 + BLOCK;

/** Bytes of so many values. */
export function encodedBytes(type: GgufType, values: number): number {
  if (type === "q8_0") return (values / BLOCK) * BLOCK_BYTES;
  return values * (type === "f32" ? 4 : 2);
}

export function encodeValues(values: Float32Array, type: GgufType): Uint8Array {
  return type === "q8_0" ? encodeQ8(values) : encodeFloats(values, type);
}

/** Blocks of an f16 scale and 32 signed bytes: the largest magnitude becomes 127. */
function encodeQ8(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(encodedBytes("q8_0", values.length));
  const view = new DataView(bytes.buffer);
  const bits = new Uint32Array(1);
  const scale = new Float32Array(bits.buffer);
  for (let block = 0, at = 0; block < values.length; block += BLOCK, at += BLOCK_BYTES) {
    let largest = 0;
    for (let i = block; i < block + BLOCK; i++) largest = Math.max(largest, Math.abs(values[i]!));
    scale[0] = largest / 127;
    const inverse = scale[0] === 0 ? 0 : Math.fround(1 / scale[0]!);
    view.setUint16(at, halfOf(bits[0]!), true);
    for (let i = 0; i < BLOCK; i++) {
      const scaled = Math.fround(values[block + i]! * inverse);
      view.setInt8(at + 2 + i, Math.sign(scaled) * Math.round(Math.abs(scaled)));
    }
  }
  return bytes;
}
