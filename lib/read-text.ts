import { readFileSync } from "node:fs";
import { ioError } from "./errors.ts";

/** A whole file as UTF-8. @throws FlmError IO */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw ioError("read", path, cause);
  }
}
