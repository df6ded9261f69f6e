/** Number formats of stored tensors, and their conversion from and to f32. All are little endian, as this machine is. */

import { FlmError } from "../errors.ts";

export type FloatType = "f32" | "f16" | "bf16" | "f64";

export const FLOAT_BYTES: Readonly<Record<FloatType, number>> = { f32: 4, f16: 2, bf16: 2, f64: 8 };

const INFINITE_HALF = 0x7c00;

/**
 * Values as bytes; f16 and bf16 round to the nearest, of two equally near ones to the even.
 *
 * @throws FlmError NOT_SUPPORTED for a number beyond the range of f16, which would be infinite there
 */
export function encodeFloats(values: Float32Array, type: FloatType): Uint8Array {
  if (type === "f32") return bytesOf(values);
  if (type === "f64") return bytesOf(Float64Array.from(values));
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const round = type === "f16" ? halfOf : bfloatOf;
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = round(bits[i]!);
  if (type === "f16") refuseOverflow(values, halves);
  return bytesOf(halves);
}

function refuseOverflow(values: Float32Array, halves: Uint16Array): void {
  const at = halves.findIndex(
    (half, i) => (half & 0x7fff) === INFINITE_HALF && Number.isFinite(values[i]!),
  );
  if (at < 0) return;
  throw new FlmError(
    "NOT_SUPPORTED",
    `a weight of ${values[at]} is beyond f16, which ends at 65504`,
    {
      hint: "use bf16 or f32",
    },
  );
}

/** The inverse of `encodeFloats`, exact but for f64. `bytes` are a whole number of values, and may be taken over. */
export function decodeFloats(bytes: Uint8Array, type: FloatType): Float32Array {
  const count = bytes.length / FLOAT_BYTES[type];
  // A view needs an aligned start.
  const own = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  if (type === "f32") return new Float32Array(own.buffer, own.byteOffset, count);
  if (type === "f64") return Float32Array.from(new Float64Array(own.buffer, own.byteOffset, count));
  const halves = new Uint16Array(own.buffer, own.byteOffset, count);
  if (type === "f16") return Float32Array.from(halves, floatOfHalf);
  const values = new Float32Array(count);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < count; i++) bits[i] = halves[i]! << 16;
  return values;
}

/** An f32 as the bits of the nearest f16. */
export function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  const mantissa = bits & 0x7fffff;
  if (exponent === 0xff - 127 + 15) return sign | INFINITE_HALF | (mantissa === 0 ? 0 : 0x200);
  if (exponent >= 31) return sign | INFINITE_HALF;
  if (exponent < -10) return sign;
  // Below the smallest normal number the leading one becomes part of the mantissa.
  if (exponent <= 0) return sign | shiftEven(mantissa | 0x800000, 14 - exponent);
  // Rounding up may carry into the exponent, which is then right as well.
  return sign | shiftEven((exponent << 23) | mantissa, 13);
}

function bfloatOf(bits: number): number {
  const isNaN = (bits & 0x7fffffff) > 0x7f800000;
  return isNaN ? (bits >>> 16) | 0x40 : shiftEven(bits, 16);
}

/** Drops bits, rounding to the nearest and of two equally near ones to the even. */
function shiftEven(value: number, shift: number): number {
  const kept = value >>> shift;
  const dropped = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return kept + (dropped > half || (dropped === half && kept & 1) ? 1 : 0);
}

function floatOfHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
