import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readDocumentIndex, readTokens } from "../../../../lib/data/corpus/document-index.ts";
import { TokenFileWriter } from "../../../../lib/data/corpus/token-file-writer.ts";
import { directoryWith, errorOf } from "../support.ts";

async function write(path: string, vocab_size: number, calls: number[][][]): Promise<void> {
  const writer = await TokenFileWriter.create(path, vocab_size, vocab_size - 1);
  for (const documents of calls) await writer.append(documents.map((ids) => Uint32Array.from(ids)));
  await writer.finish();
  await writer.close();
}

describe("token files", () => {
  it("have the layout of native/data/token_file.h", async () => {
    const path = join(directoryWith(), "a.tok");
    await write(path, 257, [[[1, 2], [3]], [], [[4]]]);
    const file = readFileSync(path);
    expect(file.toString("latin1", 0, 8)).toBe("FLMTOK1\0");
    expect([file.readUInt32LE(8), file.readUInt32LE(12)]).toEqual([2, 1]);
    expect([file.readBigUInt64LE(16), file.readBigUInt64LE(24)]).toEqual([7n, 3n]);
    expect(file.subarray(32, 64).every((byte) => byte === 0)).toBe(true);
    const tokens = Array.from({ length: 8 }, (_, i) => file.readUInt16LE(64 + 2 * i));
    expect(tokens).toEqual([1, 2, 256, 3, 256, 4, 256, 0]);
    const starts = Array.from({ length: 4 }, (_, i) => Number(file.readBigUInt64LE(80 + 8 * i)));
    expect(starts).toEqual([0, 3, 5, 7]);
    expect(file.length).toBe(112);
  });

  it.each([
    [2 ** 16, 2],
    [2 ** 16 + 1, 4],
  ])("hold %d tokens in %d bytes each and read back", async (vocab_size, bytes) => {
    const path = join(directoryWith(), "a.tok");
    const documents = Array.from({ length: 3000 }, (_, i) => [i, vocab_size - 2]);
    await write(path, vocab_size, [documents]);
    const index = readDocumentIndex(path)!;
    expect(index).toMatchObject({ count: 3000, tokens: 9000 });
    expect([index.start(2999), index.length(2999)]).toEqual([8997, 3]);
    const tokens = readTokens(path, 5)!;
    expect(tokens.BYTES_PER_ELEMENT).toBe(bytes);
    expect([...tokens]).toEqual([0, vocab_size - 2, vocab_size - 1, 1, vocab_size - 2]);
  });

  it("may be empty", async () => {
    const path = join(directoryWith(), "a.tok");
    await write(path, 257, []);
    expect(readDocumentIndex(path)).toMatchObject({ count: 0, tokens: 0 });
    expect(readTokens(path, 10)).toHaveLength(0);
  });

  it("are not taken when they are cut, unfinished or something else", async () => {
    const directory = directoryWith({ "text.tok": "x".repeat(200), "short.tok": "FLMTOK1\0" });
    await write(join(directory, "cut.tok"), 257, [[[1, 2, 3]]]);
    truncateSync(join(directory, "cut.tok"), 80);
    const writer = await TokenFileWriter.create(join(directory, "open.tok"), 257, 256);
    await writer.append([Uint32Array.of(1)]);
    await writer.close();
    for (const name of ["text", "short", "cut", "open"])
      expect(readDocumentIndex(join(directory, `${name}.tok`))).toBeNull();
  });

  it("are gone on with behind what had reached the disk, to the same bytes", async () => {
    const directory = directoryWith();
    const path = (name: string) => join(directory, name);
    const documents = Array.from({ length: 20 }, (_, i) => Uint32Array.of(i, i + 1, i % 7));
    await write(path("whole.tok"), 257, [documents.map((ids) => [...ids])]);
    const first = await TokenFileWriter.create(path("cut.tok"), 257, 256);
    await first.append(documents.slice(0, 8));
    const { progress } = first;
    await first.append(documents.slice(8, 15));
    await first.close();
    const second = await TokenFileWriter.resume(path("cut.tok"), 257, 256, progress);
    expect(second.progress).toEqual({ tokens: 32, documents: 8 });
    await second.append(documents.slice(8));
    await second.finish();
    await second.close();
    expect(readFileSync(path("cut.tok"))).toEqual(readFileSync(path("whole.tok")));
    expect(readdirSync(directory).sort()).toEqual(["cut.tok", "whole.tok"]);
  });

  it("are not gone on with when something is missing", async () => {
    const path = join(directoryWith(), "a.tok");
    await (await TokenFileWriter.create(path, 257, 256)).close();
    const error = await errorOf(() =>
      TokenFileWriter.resume(path, 257, 256, { tokens: 5, documents: 1 }),
    );
    expect(error).toMatchObject({ code: "DATA_INVALID" });
    expect(error.message).toMatch(/a\.tok has 64 of the 74 bytes/);
    expect(error.hint).toContain("begins anew");
  });

  it("are never overwritten", async () => {
    const path = join(directoryWith(), "a.tok");
    writeFileSync(path, "");
    expect(await errorOf(() => write(path, 257, []))).toMatchObject({ code: "IO" });
  });
});
