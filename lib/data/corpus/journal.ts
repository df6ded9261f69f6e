import { readFileSync } from "node:fs";
import { cacheError } from "./cache-error.ts";
import { replaceDurably } from "./durable.ts";

/**
 * What an interrupted build goes on from: the place up to which everything has reached the disk. A build by another
 * version never finds it, as the directory's name follows from the version.
 */
export class Journal<T> {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The last entry; null before the first. */
  read(): T | null {
    try {
      return JSON.parse(readFileSync(this.#path, "utf8")) as T;
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "ENOENT" || cause instanceof SyntaxError) return null;
      throw cacheError("read", this.#path, cause);
    }
  }

  /** Takes the place of the last entry. What it speaks of must have reached the disk. */
  write(entry: T): void {
    try {
      replaceDurably(this.#path, JSON.stringify(entry));
    } catch (cause) {
      throw cacheError("write", this.#path, cause);
    }
  }
}
