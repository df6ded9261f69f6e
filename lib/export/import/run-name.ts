import { basename } from "node:path";

/** A run is mostly called as its directory, whose name may hold what the name of a run may not. */
export function runName(directory: string): string {
  const name = basename(directory)
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "");
  return name === "" ? "imported" : name;
}
