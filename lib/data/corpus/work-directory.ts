import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { isAlive, processSpace, startOf } from "../../live-process.ts";
import { makeDirectory } from "../../make-directory.ts";
import { cacheError } from "./cache-error.ts";

/** Prefix of directories that are being written, or whose writer was killed. */
const WORK = "tmp-";
/** What its owner left is kept that long for another attempt. */
const ABANDONED_AFTER_MS = 7 * 24 * 3600 * 1000;
/** The owner says so often that it lives, for other machines and containers to see, and is given up after so long. */
const HEARTBEAT_MS = 15_000;
const DEAD_AFTER_MS = 120_000;

/** Those of this process: their names speak of a process that lives, yet so do those of an earlier namesake. */
const held = new Set<string>();
let made = 0;

/**
 * A directory for the making of `key`, beside others that make the same. Its name says who works there, so that one
 * rename gives what a dead process left behind to the next, and to no two.
 */
export class WorkDirectory {
  readonly path: string;
  readonly #heartbeat: NodeJS.Timeout;

  private constructor(path: string) {
    this.path = path;
    held.add(path);
    this.#heartbeat = setInterval(() => touch(path), HEARTBEAT_MS).unref();
    touch(path);
  }

  /** One that a dead process has begun, or an empty one. @throws FlmError IO */
  static take(parent: string, key: string): WorkDirectory {
    const path = join(parent, nameFor(key));
    try {
      makeDirectory(parent);
      removeAbandoned(parent);
      const left = readdirSync(parent).filter((name) => isLeft(parent, name, key));
      if (!left.some((name) => rename(join(parent, name), path))) mkdirSync(path);
      return new WorkDirectory(path);
    } catch (cause) {
      throw cacheError("create a directory in data.cache_dir", parent, cause);
    }
  }

  /** Gives it up, for another process to go on with. */
  release(): void {
    clearInterval(this.#heartbeat);
    held.delete(this.path);
  }

  /** Deletes it with all that it holds. */
  remove(): void {
    this.release();
    rmSync(this.path, { recursive: true, force: true });
  }
}

function nameFor(key: string): string {
  return `${WORK}${key}-${process.pid}-${startOf(process.pid)}-${made++}-${processSpace()}`;
}

/** True for a directory of that key whose owner is dead. */
function isLeft(parent: string, name: string, key: string): boolean {
  if (!name.startsWith(`${WORK}${key}-`) || held.has(join(parent, name))) return false;
  const [pid, start, , ...space] = name.slice(WORK.length + key.length + 1).split("-");
  if (space.join("-") !== processSpace()) return age(join(parent, name)) > DEAD_AFTER_MS;
  return Number(pid) === process.pid || !isAlive(Number(pid), start);
}

/** False when another process was faster. */
function rename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Deletes what nobody has gone on with. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    if (name.startsWith(WORK) && !held.has(path) && age(path) > ABANDONED_AFTER_MS)
      rmSync(path, { recursive: true, force: true });
  }
}

/** Time since the directory's owner last said that it lives. */
function age(directory: string): number {
  try {
    return Date.now() - statSync(directory).mtimeMs;
  } catch {
    return 0; // Another process has deleted or taken it: there is nothing to do, as if it were new.
  }
}

function touch(directory: string): void {
  try {
    const now = new Date();
    utimesSync(directory, now, now);
  } catch {
    // It is gone, or about to be: the next write says so.
  }
}
