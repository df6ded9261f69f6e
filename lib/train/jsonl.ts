import {
  closeSync,
  existsSync,
  fsync,
  fsyncSync,
  openSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { ioError } from "../errors.ts";
import { linesOf } from "./lines.ts";

const WRITTEN_AT_ONCE = 1 << 20;

/** What a file held when it was opened. */
interface Found {
  /** That have been kept. */
  rows: number;
  /** Lines that are no rows, but for an empty or the last one. */
  damaged: number;
}

/** An append-only file of JSON objects, one a line. Every row is in the file before `append` returns. */
export class JsonlWriter {
  readonly #path: string;
  /** Lines that were no rows and have been removed; a last one that a crash cut off does not count. */
  readonly damaged: number;
  #file: number;
  #rows: number;
  /** The file of this name is the one on the disk, whatever happens. */
  #isNameSynced = false;

  /**
   * Opens the file. Rows for which `keep` is false are removed first: those that a resumed run is going to write
   * again. A last line that a crash cut off is removed too.
   */
  constructor(path: string, keep: (row: Record<string, unknown>) => boolean) {
    this.#path = path;
    const { file, rows, damaged } = openWith(path, keep);
    this.#file = file;
    this.#rows = rows;
    this.damaged = damaged;
  }

  /** Rows in the file. */
  get rows(): number {
    return this.#rows;
  }

  /** Removes the rows for which `keep` is false. Where that fails, rows can still be appended. */
  retain(keep: (row: Record<string, unknown>) => boolean): void {
    const before = this.#file;
    const { file, rows } = openWith(this.#path, keep);
    this.#file = file;
    this.#rows = rows;
    this.#isNameSynced = false;
    closeSync(before);
  }

  append(row: object): void {
    try {
      // Not writeSync, which on a full disk may write a part and say nothing.
      writeFileSync(this.#file, `${JSON.stringify(row)}\n`);
    } catch (cause) {
      throw ioError("write", this.#path, cause);
    }
    this.#rows += 1;
  }

  /** Waits until the rows up to now have reached the disk; others may be appended meanwhile. */
  async sync(): Promise<void> {
    try {
      await fsyncOf(this.#file);
      if (!this.#isNameSynced) await syncDirectory(dirname(this.#path));
      this.#isNameSynced = true;
    } catch (cause) {
      throw ioError("write", this.#path, cause);
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

const fsyncOf = promisify(fsync);

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function openWith(
  path: string,
  keep: (row: Record<string, unknown>) => boolean,
): Found & { file: number } {
  try {
    const found: Found = { rows: 0, damaged: 0 };
    if (existsSync(path)) {
      Object.assign(found, copyRows(path, `${path}.tmp`, keep));
      renameSync(`${path}.tmp`, path);
    }
    return { file: openSync(path, "a"), ...found };
  } catch (cause) {
    throw ioError("write", path, cause);
  }
}

/** Row by row: the metrics of a long run are larger than the longest string. */
function copyRows(
  from: string,
  to: string,
  keep: (row: Record<string, unknown>) => boolean,
): Found {
  const target = openSync(to, "w");
  let [rows, damaged, isLastDamaged] = [0, 0, false];
  try {
    let waiting = "";
    for (const line of linesOf(from)) {
      const row = parseObject(line);
      isLastDamaged = row === null && line !== "";
      if (isLastDamaged) damaged += 1;
      if (row === null || !keep(row)) continue;
      rows += 1;
      waiting += `${line}\n`;
      if (waiting.length < WRITTEN_AT_ONCE) continue;
      writeFileSync(target, waiting);
      waiting = "";
    }
    writeFileSync(target, waiting);
    // It is about to replace the only other copy.
    fsyncSync(target);
  } finally {
    closeSync(target);
  }
  return { rows, damaged: damaged - Number(isLastDamaged) };
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
