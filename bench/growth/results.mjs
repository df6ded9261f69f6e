// One JSON a finished arm and seed, in a folder.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/support/files.mjs";

export const RESULTS = join(root, "bench", "results", "growth");

/** Changes with anything that decides what the arm trains. */
export function configHash(config) {
  return createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 16);
}

export class Results {
  #folder;

  constructor(folder = RESULTS) {
    this.#folder = folder;
  }

  all() {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => JSON.parse(readFileSync(join(this.#folder, name), "utf8")));
  }

  /** The arm's result with this seed; undefined also where the arm has changed since. */
  find(arm, seed) {
    const path = this.#path(arm, seed);
    if (!existsSync(path)) return undefined;
    const result = JSON.parse(readFileSync(path, "utf8"));
    return result.config_hash === configHash(arm.config) ? result : undefined;
  }

  write(arm, seed, result) {
    mkdirSync(this.#folder, { recursive: true });
    const path = this.#path(arm, seed);
    writeFileSync(`${path}.part`, `${JSON.stringify(result, null, 1)}\n`);
    renameSync(`${path}.part`, path);
    return path;
  }

  #path(arm, seed) {
    return join(this.#folder, `${arm.name}-s${seed}.json`);
  }
}
