import { statSync } from "node:fs";
import type { Config } from "../../config/types.ts";
import { FlmError, ioError } from "../../errors.ts";
import { findFiles } from "./glob.ts";

type SourceConfig = Config["data"]["sources"][number];

/** A file to read, with what tells whether it has changed. */
export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  readonly format: "text" | "jsonl";
  readonly gzip: boolean;
  readonly size: number;
  /** Time of the last modification in nanoseconds, as decimal digits. */
  readonly mtime_ns: string;
}

/**
 * The files of one entry of `data.sources`, sorted by path and without repetitions.
 *
 * @param index of the entry, for messages
 * @throws FlmError DATA_NOT_FOUND for a pattern without files, NOT_SUPPORTED for a file that cannot be read yet
 */
export function findSourceFiles(source: SourceConfig, index: number): SourceFile[] {
  const paths = new Set<string>();
  for (const pattern of source.path) {
    const found = findFiles(pattern);
    if (found.length === 0) throw notFound(pattern, index);
    for (const path of found) paths.add(path);
  }
  return [...paths].sort().map((path) => describeFile(path, source.format));
}

/** True when the file is no longer what `describeFile` saw. */
export function hasChanged(file: SourceFile): boolean {
  const { size, mtime_ns } = stateOf(file.path);
  return size !== file.size || mtime_ns !== file.mtime_ns;
}

function describeFile(path: string, format: SourceConfig["format"]): SourceFile {
  const gzip = /\.gz$/i.test(path);
  return { path, format: formatOf(path, format), gzip, ...stateOf(path) };
}

function formatOf(path: string, format: SourceConfig["format"]): SourceFile["format"] {
  const name = path.toLowerCase().replace(/\.gz$/, "");
  if (format === "parquet" || (format === "auto" && name.endsWith(".parquet")))
    throw new FlmError("NOT_SUPPORTED", `${path}: reading Parquet is not supported yet`, {
      hint: "convert it to JSONL, or leave it out with a narrower data.sources[].path",
    });
  if (name.endsWith(".zst"))
    throw new FlmError("NOT_SUPPORTED", `${path}: reading Zstandard is not supported yet`, {
      hint: "decompress it, or compress it with gzip instead",
    });
  if (format !== "auto") return format;
  return /\.(jsonl|ndjson)$/.test(name) ? "jsonl" : "text";
}

function stateOf(path: string): Pick<SourceFile, "size" | "mtime_ns"> {
  try {
    const { size, mtimeNs } = statSync(path, { bigint: true });
    return { size: Number(size), mtime_ns: String(mtimeNs) };
  } catch (cause) {
    throw ioError("inspect", path, cause);
  }
}

function notFound(pattern: string, index: number): FlmError {
  const isInstalled = pattern.split("/").includes("node_modules");
  return new FlmError(
    "DATA_NOT_FOUND",
    `data.sources.${index}.path: there are no files at ${pattern}`,
    {
      hint: isInstalled
        ? "run npm ci first, so that the packages are installed"
        : "check the path; relative ones count from the working directory",
    },
  );
}
