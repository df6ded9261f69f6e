import { closeSync, existsSync, openSync, renameSync, writeFileSync } from "node:fs";
import { ioError } from "../errors.ts";
import { linesOf } from "./lines.ts";

const WRITTEN_AT_ONCE = 1 << 20;

/** An append-only file of JSON objects, one a line. Every row is in the file before `append` returns. */
export class JsonlWriter {
  readonly #path: string;
  #file: number;

  /**
   * Opens the file. Rows for which `keep` is false are removed first: those that a resumed run is going to write
   * again. A last line that a crash cut off is removed too.
   */
  constructor(path: string, keep: (row: Record<string, unknown>) => boolean) {
    this.#path = path;
    this.#file = openWith(path, keep);
  }

  /** Removes the rows for which `keep` is false. Where that fails, rows can still be appended. */
  retain(keep: (row: Record<string, unknown>) => boolean): void {
    const before = this.#file;
    this.#file = openWith(this.#path, keep);
    closeSync(before);
  }

  append(row: object): void {
    try {
      // Not writeSync, which on a full disk may write a part and say nothing.
      writeFileSync(this.#file, `${JSON.stringify(row)}\n`);
    } catch (cause) {
      throw ioError("write", this.#path, cause);
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

function openWith(path: string, keep: (row: Record<string, unknown>) => boolean): number {
  try {
    if (existsSync(path)) {
      copyRows(path, `${path}.tmp`, keep);
      renameSync(`${path}.tmp`, path);
    }
    return openSync(path, "a");
  } catch (cause) {
    throw ioError("write", path, cause);
  }
}

/** Row by row: the metrics of a long run are larger than the longest string. */
function copyRows(from: string, to: string, keep: (row: Record<string, unknown>) => boolean): void {
  const target = openSync(to, "w");
  try {
    let waiting = "";
    for (const line of linesOf(from)) {
      const row = parseObject(line);
      if (row === null || !keep(row)) continue;
      waiting += `${line}\n`;
      if (waiting.length < WRITTEN_AT_ONCE) continue;
      writeFileSync(target, waiting);
      waiting = "";
    }
    writeFileSync(target, waiting);
  } finally {
    closeSync(target);
  }
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
