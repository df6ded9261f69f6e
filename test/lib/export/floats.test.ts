import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFloats, encodeFloats, type FloatType } from "../../../lib/export/floats.ts";
import { failure } from "../failure.ts";

function bits(value: number, type: FloatType): number {
  const [low, high] = encodeFloats(Float32Array.of(value), type);
  return low! + 256 * high!;
}

describe("f16", () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519, 0x7bff],
    [Infinity, 0x7c00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [3 * 2 ** -25, 0x0002],
    [2 ** -26, 0x0000],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [1 + 2 ** -11 + 2 ** -20, 0x3c01],
  ])("of %f", (value, expected) => expect(bits(value, "f16")).toBe(expected));

  it("of NaN is NaN", () => {
    expect(decodeFloats(encodeFloats(Float32Array.of(NaN), "f16"), "f16")[0]).toBeNaN();
  });

  it.each([65520, -1e9])("of %d is refused: it would be infinite", (value) => {
    const { code, message, hint } = failure(() => encodeFloats(Float32Array.of(1, value), "f16"));
    expect(code).toBe("NOT_SUPPORTED");
    expect(message).toContain(String(value));
    expect(hint).toContain("bf16");
  });
});

describe("bf16", () => {
  it.each([
    [1, 0x3f80],
    [1 + 2 ** -8, 0x3f80],
    [1 + 3 * 2 ** -8, 0x3f82],
    [-Infinity, 0xff80],
    [3.4028234663852886e38, 0x7f80],
  ])("of %f", (value, expected) => expect(bits(value, "bf16")).toBe(expected));

  it("of NaN is NaN", () => {
    expect(decodeFloats(encodeFloats(Float32Array.of(NaN), "bf16"), "bf16")[0]).toBeNaN();
  });
});

it("every f16 comes back as it was", () => {
  const all = new Uint8Array(Uint16Array.from({ length: 65536 }, (_, i) => i).buffer);
  const values = decodeFloats(all, "f16");
  const again = new Uint16Array(encodeFloats(values, "f16").slice().buffer);
  for (let i = 0; i < 65536; i++) if (!Number.isNaN(values[i]!)) expect(again[i]).toBe(i);
});

it("rounds to the nearest", () => {
  fc.assert(
    fc.property(
      fc.float({ min: Math.fround(-6e4), max: Math.fround(6e4), noNaN: true }),
      fc.constantFrom<FloatType>("f16", "bf16", "f32", "f64"),
      (value, type) => {
        const [back] = decodeFloats(encodeFloats(Float32Array.of(value), type), type);
        const share = { f16: 2 ** -11, bf16: 2 ** -8, f32: 0, f64: 0 }[type];
        const least = { f16: 2 ** -25, bf16: 2 ** -134, f32: 0, f64: 0 }[type];
        expect(Math.abs(back! - value)).toBeLessThanOrEqual(
          Math.max(share * Math.abs(value), least),
        );
      },
    ),
    { numRuns: 300 },
  );
});

it("reads values that do not lie on their alignment", () => {
  const bytes = new Uint8Array([9, ...encodeFloats(Float32Array.of(1.5, -2), "f32")]).subarray(1);
  expect([...decodeFloats(bytes, "f32")]).toEqual([1.5, -2]);
});
