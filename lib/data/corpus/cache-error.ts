import { type FlmError, ioError } from "../../errors.ts";

/** What the file system refuses in data.cache_dir. */
export function cacheError(action: string, path: string, cause: unknown): FlmError {
  return ioError(action, path, cause, "choose another data.cache_dir");
}
