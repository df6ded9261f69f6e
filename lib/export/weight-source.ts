import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Checkpoint } from "../checkpoint/store.ts";
import { FlmError, ioError } from "../errors.ts";
import { decodeFloats, FLOAT_BYTES, type FloatType } from "./floats.ts";

/** Stored matrices that are read a few rows at a time. A vector has one row. */
export interface WeightSource {
  /** Undefined where there is no such tensor. */
  sizeOf(name: string): { rows: number; cols: number } | undefined;
  read(name: string, firstRow: number, rows: number): Float32Array;
}

/** Where the values of a matrix lie. */
export interface StoredMatrix {
  /** Absolute path. */
  file: string;
  /** Byte of the first value. */
  offset: number;
  type: FloatType;
  rows: number;
  cols: number;
}

/** Matrices in files, none of which is held in memory. */
export class StoredWeights implements WeightSource {
  readonly #matrices: ReadonlyMap<string, StoredMatrix>;

  constructor(matrices: ReadonlyMap<string, StoredMatrix>) {
    this.#matrices = matrices;
  }

  get names(): string[] {
    return [...this.#matrices.keys()];
  }

  sizeOf(name: string): { rows: number; cols: number } | undefined {
    return this.#matrices.get(name);
  }

  read(name: string, firstRow: number, rows: number): Float32Array {
    const matrix = this.#matrices.get(name);
    if (matrix === undefined) throw new FlmError("INTERNAL", `there is no tensor ${name} to read`);
    const { file, offset, type, cols } = matrix;
    const rowBytes = cols * FLOAT_BYTES[type];
    const bytes = readRange(file, offset + firstRow * rowBytes, rows * rowBytes);
    return decodeFloats(bytes, type);
  }
}

/** The weights of a checkpoint, by our names. */
export function checkpointWeights({ directory, manifest }: Checkpoint): StoredWeights {
  const masters = manifest.tensors.filter(({ kind }) => kind === "master");
  return new StoredWeights(
    new Map(
      masters.map(({ name, file, offset, dtype, rows, cols }) => [
        name,
        { file: join(directory, file), offset, type: dtype, rows, cols },
      ]),
    ),
  );
}

/** @throws FlmError IO, also where the file ends before the range does. */
export function readRange(path: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let file: number | null = null;
  try {
    file = openSync(path, "r");
    // One read of the system gives at most 2 GiB.
    for (let at = 0; at < length;) {
      const got = readSync(file, bytes, at, Math.min(length - at, 1 << 30), offset + at);
      if (got === 0) throw new Error(`it ends at byte ${offset + at}`);
      at += got;
    }
  } catch (cause) {
    throw ioError("read", path, cause);
  } finally {
    if (file !== null) closeSync(file);
  }
  return bytes;
}
