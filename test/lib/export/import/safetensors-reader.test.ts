import fc from "fast-check";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FlmError } from "../../../../lib/errors.ts";
import { readSafetensorsHeader } from "../../../../lib/export/import/safetensors-reader.ts";
import { failure } from "../../failure.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

function file(header: unknown, body = 32, length?: number): string {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(length ?? json.length));
  return fileOf(Buffer.concat([start, json, Buffer.alloc(body)]));
}

function fileOf(bytes: Uint8Array): string {
  const path = join(temporaryDirectory(), "model.safetensors");
  writeFileSync(path, bytes);
  return path;
}

const matrix = { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] };

it("names types, shapes and places", () => {
  const header = {
    __metadata__: { format: "pt" },
    b: { dtype: "I64", shape: [1], data_offsets: [24, 32] },
    a: matrix,
  };
  const body = 8 + JSON.stringify(header).length;
  expect(readSafetensorsHeader(file(header))).toMatchObject([
    { name: "a", dtype: "F32", type: "f32", shape: [2, 3], offset: body },
    { name: "b", dtype: "I64", type: null, shape: [1], offset: body + 24 },
  ]);
});

describe("a hostile file is refused, with what is wrong:", () => {
  it.each([
    [
      "a header beyond the file",
      () => file({ a: matrix }, 32, 1e12),
      /a header of 1000000000000 bytes/,
    ],
    ["a header of 2^63 bytes", () => file({ a: matrix }, 32, 2 ** 63), /a header of/],
    ["no JSON", () => file("{"), /not a JSON object/],
    ["a list", () => file([]), /not a JSON object/],
    ["an entry that is null", () => file({ a: null }), /tensor a: dtype undefined/],
    ["an unknown type", () => file({ a: { ...matrix, dtype: "F31" } }), /dtype "F31"/],
    ["a type that every object has", () => file({ a: { ...matrix, dtype: "toString" } }), /dtype/],
    ["a negative size", () => file({ a: { ...matrix, shape: [-2, -3] } }), /shape \[-2,-3\]/],
    ["a broken size", () => file({ a: { ...matrix, shape: [1.5, 4] } }), /shape \[1\.5,4\]/],
    [
      "a shape that is too large",
      () => file({ a: { ...matrix, shape: [3, 3] } }),
      /has 36 bytes.*24/,
    ],
    [
      "a shape beyond numbers",
      () => file({ a: { ...matrix, shape: [2 ** 40, 2 ** 40] } }),
      /bytes/,
    ],
    [
      "ends before its beginning",
      () => file({ a: { ...matrix, data_offsets: [24, 0] } }),
      /24 to 0/,
    ],
    ["ends behind the file", () => file({ a: { ...matrix, data_offsets: [16, 40] } }), /16 to 40/],
    ["one offset", () => file({ a: { ...matrix, data_offsets: [0] } }), /data_offsets \[0\]/],
    [
      "overlaps",
      () => file({ a: matrix, b: { ...matrix, data_offsets: [8, 32] } }),
      /a and b overlap/,
    ],
    ["nothing", () => fileOf(new Uint8Array()), /it has 0 bytes/],
  ])("%s", (_, write, message) => {
    const path = write();
    const error = failure(() => readSafetensorsHeader(path));
    expect(error.code).toBe("CHECKPOINT_INVALID");
    expect(error.message).toContain(path);
    expect(error.message).toMatch(message);
  });

  it("any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readSafetensorsHeader(fileOf(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(FlmError);
        }
      }),
      { numRuns: 50 },
    );
  });
});
