import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { type Config, resolveConfig, type UserConfig } from "../../../lib/config/index.ts";
import { DocumentIndex } from "../../../lib/data/corpus/document-index.ts";
import type { Document } from "../../../lib/data/read/document.ts";
import { readDocuments } from "../../../lib/data/read/documents.ts";
import type { Samples } from "../../../lib/data/read/samples.ts";
import { findSourceFiles } from "../../../lib/data/read/source-files.ts";
import { PIECE_FIELDS, PIECE_NEW_SEGMENT, PIECE_NO_TARGETS } from "../../../lib/native/types.ts";
import { FlmError } from "../../../lib/errors.ts";

/** A directory with these files, deleted when the running test ends. */
export function directoryWith(files: Record<string, string | Uint8Array> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), "flm-data-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

export function configFor(
  cwd: string,
  data: UserConfig["data"],
  tokenizer: UserConfig["tokenizer"] = { type: "bytes" },
  objective: UserConfig["objective"] = {},
): Config {
  const stage = {
    name: "only",
    num_layers: 1,
    hidden_size: 64,
    num_attention_heads: 1,
    tokens: 1e6,
  };
  return resolveConfig({ name: "test", data, tokenizer, objective, stages: [stage] }, { cwd });
}

/** All documents of files with these contents, which are one source. */
export function readAll(
  files: Record<string, string | Uint8Array>,
  { format = "auto", field = "text", samples = "text" }: Partial<ReadOptions> = {},
): Promise<Document[]> {
  const directory = directoryWith(files);
  const path = Object.keys(files).map((name) => join(directory, name));
  const found = findSourceFiles(
    { path, format, type: samples === "preference" ? "conversation" : samples },
    0,
  );
  return collect(readDocuments({ files: found, field, samples }));
}

interface ReadOptions {
  format: "auto" | "text" | "jsonl" | "parquet";
  field: string;
  samples: Samples;
}

/** The error that `run` ends with. */
export async function errorOf(run: () => unknown): Promise<FlmError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof FlmError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** An index of documents with these lengths. */
export function indexOf(lengths: readonly number[]): DocumentIndex {
  const starts = new BigUint64Array(lengths.length + 1);
  for (const [i, length] of lengths.entries()) starts[i + 1] = starts[i]! + BigInt(length);
  return new DocumentIndex(Number(starts.at(-1)!), starts);
}

/** Every target of pieces: its token's place in its file, and the first token of the segment that predicts it. */
export function targetsOf(
  pieces: Float64Array,
): { file: number; token: number; seen_from: number }[] {
  let seen_from = 0;
  return Array.from({ length: pieces.length / PIECE_FIELDS }, (_, i) => {
    const [, file, offset, length, flags] = pieces.subarray(
      i * PIECE_FIELDS,
    ) as unknown as number[];
    if (flags! & PIECE_NEW_SEGMENT) seen_from = offset!;
    if (flags! & PIECE_NO_TARGETS) return [];
    return Array.from({ length: length! }, (_, k) => ({
      file: file!,
      token: offset! + k + 1,
      seen_from,
    }));
  }).flat();
}
