import fc from "fast-check";
import { expect, test } from "vitest";
import {
  byteLength,
  safetensorsHeader,
  storedName,
  type TensorDescription,
} from "../../../lib/checkpoint/safetensors.ts";

/** What a reader of the format sees: the length, the JSON behind it, and where the tensors begin. */
function read(header: Uint8Array) {
  const length = Number(new DataView(header.buffer).getBigUint64(0, true));
  expect(header).toHaveLength(8 + length);
  const json = JSON.parse(new TextDecoder().decode(header.subarray(8))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  return { json, begin: 8 + length };
}

test("matrices have two dimensions, vectors one", () => {
  const { json } = read(
    safetensorsHeader([
      { name: "head.weight.master", dtype: "f32", rows: 1, cols: 4 },
      { name: "final_norm.gain.exp_avg", dtype: "bf16", rows: 1, cols: 4 },
      { name: "attention.q.weight.master", dtype: "f64", rows: 2, cols: 3 },
    ]).header,
  );
  expect(json["head.weight.master"]).toEqual({
    dtype: "F32",
    shape: [1, 4],
    data_offsets: [0, 16],
  });
  expect(json["final_norm.gain.exp_avg"]).toEqual({
    dtype: "BF16",
    shape: [4],
    data_offsets: [16, 24],
  });
  expect(json["attention.q.weight.master"]).toMatchObject({ dtype: "F64", data_offsets: [24, 72] });
  expect(json.__metadata__).toEqual({ format: "pt" });
});

test("tensors lie one behind another, from an aligned byte on", () => {
  const tensor = fc.record<TensorDescription>({
    name: fc.string({ minLength: 1 }).map((name) => `t.${name}`),
    dtype: fc.constantFrom("f32", "bf16", "f64"),
    rows: fc.integer({ min: 1, max: 1000 }),
    cols: fc.integer({ min: 1, max: 1000 }),
  });
  const distinct = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 10 });
  fc.assert(
    fc.property(distinct, (tensors) => {
      const { header, offsets } = safetensorsHeader(tensors);
      const { json, begin } = read(header);
      expect(begin % 8).toBe(0);
      let end = 0;
      for (const [i, { name, ...rest }] of tensors.entries()) {
        expect(json[name]!.data_offsets).toEqual([end, end + byteLength({ name, ...rest })]);
        expect(offsets[i]).toBe(begin + end);
        end = json[name]!.data_offsets[1];
      }
    }),
  );
});

test("optimizer state has a name of its own", () => {
  expect(storedName("head.weight", "exp_avg_sq")).toBe("head.weight.exp_avg_sq");
});
