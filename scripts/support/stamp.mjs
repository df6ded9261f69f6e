// A stamp says from which inputs an output was made. Contents are hashed, not times: a checkout or an unpacked
// archive sets times at will, and hashing a few hundred small files takes some 20 ms.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./files.mjs";

/** Hash of files (relative to the root) and of `facts` that also decide the output. */
export function hashInputs(files, facts) {
  const hash = createHash("sha256").update(JSON.stringify(facts));
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

const stampFile = (name) => join(root, "build", `${name}.stamp`);

export function hasStamp(name, hash) {
  try {
    return readFileSync(stampFile(name), "utf8") === hash;
  } catch {
    return false;
  }
}

export function writeStamp(name, hash) {
  mkdirSync(dirname(stampFile(name)), { recursive: true });
  writeFileSync(stampFile(name), hash);
}
