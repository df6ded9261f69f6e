import { describe, expect, test } from "vitest";
import { encodeEngineSpec, encodeLoadPlan, encodeSavePlan } from "../../../lib/native/encode.ts";
import type { EngineSpec } from "../../../lib/native/plans.ts";
import { everyFieldLoadPlan, everyFieldSpec } from "../../fixtures/plans/cases.ts";

describe("the binary form of plans", () => {
  test("is little endian: magic, version, f64 numbers, counted lists", () => {
    const bytes = encodeSavePlan({
      files: [
        {
          path: "ab",
          header: Uint8Array.of(9),
          items: [{ tensor: "t", kind: "exp_avg" }],
          writer: 3,
        },
      ],
    });
    const view = new DataView(bytes.buffer);
    expect(Buffer.from(bytes.subarray(0, 4)).toString("latin1")).toBe("FLMS");
    expect(view.getUint32(4, true)).toBe(6);
    expect(view.getUint32(8, true)).toBe(1);
    expect([...bytes.subarray(12, 18)]).toEqual([2, 0, 0, 0, 0x61, 0x62]);
    expect([...bytes.subarray(18, 23)]).toEqual([1, 0, 0, 0, 9]);
    expect(view.getUint32(23, true)).toBe(1);
    expect([...bytes.subarray(27, 32)]).toEqual([1, 0, 0, 0, 0x74]);
    expect(view.getFloat64(32, true)).toBe(1);
    expect(view.getFloat64(40, true)).toBe(3);
    expect(bytes.length).toBe(48);
  });

  test("carries seeds above 2^32 whole", () => {
    const view = new DataView(encodeLoadPlan(everyFieldLoadPlan).buffer);
    expect(view.getUint32(8, true)).toBe(7);
    expect(view.getUint32(12, true)).toBe(256);
  });

  test("grows to any size", () => {
    const map = Int32Array.from({ length: 50_000 }, (_, i) => i - 1);
    const bytes = encodeLoadPlan({ ...everyFieldLoadPlan, files: [], maps: [map], moves: [] });
    const begin = 4 + 4 + 8 + 4 + 4 + 4;
    expect(new DataView(bytes.buffer).getInt32(begin, true)).toBe(-1);
    expect(new DataView(bytes.buffer).getInt32(begin + 4 * 49_999, true)).toBe(49_998);
  });

  test("keeps strings whole wherever the buffer has to grow", () => {
    const files = Array.from({ length: 300 }, (_, i) => `shard-${i}`);
    const bytes = encodeLoadPlan({ ...everyFieldLoadPlan, files });
    for (const path of files) expect(Buffer.from(bytes).includes(path)).toBe(true);
  });

  test.each([-1, 1.5, 2 ** 53])("refuses the seed %d", (seed) => {
    expect(() => encodeLoadPlan({ ...everyFieldLoadPlan, seed })).toThrow(`seed ${seed} must be`);
  });

  test("refuses a name that native does not know", () => {
    const spec = { ...everyFieldSpec, precision: "fp8" } as unknown as EngineSpec;
    expect(() => encodeEngineSpec(spec)).toThrow(/"fp8" is unknown .* f32, bf16, f64/);
  });
});
