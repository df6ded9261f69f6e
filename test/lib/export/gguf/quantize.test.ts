import { describe, expect, it } from "vitest";
import { decodeFloats } from "../../../../lib/export/floats.ts";
import { encodedBytes, encodeValues } from "../../../../lib/export/gguf/quantize.ts";

describe("q8_0", () => {
  it("gives 32 values a scale of their own", () => {
    const values = Float32Array.from({ length: 64 }, (_, i) => (i < 32 ? i - 16 : 0));
    const bytes = encodeValues(values, "q8_0");
    expect(bytes).toHaveLength(68);
    expect(encodedBytes("q8_0", 64)).toBe(68);
    expect(decodeFloats(bytes.slice(0, 2), "f16")[0]).toBeCloseTo(16 / 127, 3);
    const quantized = new Int8Array(bytes.slice(2, 34).buffer);
    expect(quantized[0]).toBe(-127);
    expect(quantized[16]).toBe(0);
    expect(quantized[31]).toBe(Math.round((15 * 127) / 16));
    expect([...bytes.slice(34)]).toEqual(Array(34).fill(0));
  });

  it("is off by half a step at most", () => {
    const values = Float32Array.from({ length: 320 }, (_, i) => Math.sin(i) * 10 ** ((i % 7) - 4));
    const bytes = encodeValues(values, "q8_0");
    for (let block = 0; block < 10; block++) {
      const own = bytes.slice(34 * block, 34 * block + 34);
      const [scale] = decodeFloats(own.slice(0, 2), "f16");
      const largest = Math.max(...values.slice(32 * block, 32 * block + 32).map(Math.abs));
      for (const [i, quantized] of new Int8Array(own.slice(2).buffer).entries())
        expect(Math.abs(quantized * scale! - values[32 * block + i]!)).toBeLessThan(largest / 200);
    }
  });
});

it("the other types have their own sizes", () => {
  for (const [type, bytes] of [
    ["f32", 12],
    ["f16", 6],
    ["bf16", 6],
  ] as const) {
    expect(encodeValues(Float32Array.of(1, 2, 3), type)).toHaveLength(bytes);
    expect(encodedBytes(type, 3)).toBe(bytes);
  }
});
