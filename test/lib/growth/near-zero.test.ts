import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { NEAR_ZERO, nearZeroShare } from "../../../lib/growth/near-zero.ts";

const folder = mkdtempSync(join(tmpdir(), "flm-near-zero-"));
afterAll(() => rmSync(folder, { recursive: true }));

function stored(name: string, bytes: Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

const bytesOf = (values: Float32Array | Float64Array) => Buffer.from(values.buffer);

test("weights below fp16's smallest normal number count, over all tensors", async () => {
  const wide = Float64Array.of(0, -1, NEAR_ZERO);
  const narrow = Float32Array.of(-NEAR_ZERO / 2, 0.5, NEAR_ZERO, 1e-30, 3);
  const file = stored("two", Buffer.concat([bytesOf(wide), bytesOf(narrow)]));
  const share = await nearZeroShare([
    { file, offset: 0, dtype: "f64", rows: 1, cols: 3 },
    { file, offset: 24, dtype: "f32", rows: 5, cols: 1 },
  ]);
  expect(share).toBe(3 / 8);
});

test("tensors larger than a chunk are counted whole", async () => {
  const values = Float32Array.from({ length: 2_500_001 }, (_, i) => (i % 4 === 0 ? 0 : 1));
  const file = stored("large", bytesOf(values));
  const tensor = { file, offset: 4, dtype: "f32", rows: 2_500_000, cols: 1 } as const;
  expect(await nearZeroShare([tensor])).toBe(0.25);
});

test("a file that ends too early is named", async () => {
  const file = stored("short", new Uint8Array(10));
  const tensor = { file, offset: 0, dtype: "f32", rows: 3, cols: 1 } as const;
  await expect(nearZeroShare([tensor])).rejects.toThrow(`${file} ends before byte 12`);
});
