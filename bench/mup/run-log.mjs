// Finished runs, one line of JSON each, in a file that only grows.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

export class RunLog {
  #path;

  constructor(path) {
    this.#path = path;
  }

  all() {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** Hashes of the configs that have been run. */
  done() {
    return new Set(this.all().map(({ config_hash }) => config_hash));
  }

  append(result) {
    mkdirSync(dirname(this.#path), { recursive: true });
    appendFileSync(this.#path, `${JSON.stringify(result)}\n`);
  }
}
