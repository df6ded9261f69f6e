import { existsSync, statSync } from "node:fs";
import type { Config } from "../../config/types.ts";
import { FlmError, ioError } from "../../errors.ts";
import type { DataFile } from "../types.ts";
import { findFiles } from "./glob.ts";

type SourceConfig = Pick<Config["data"]["sources"][number], "path" | "format" | "type">;

/** A file to read. */
export interface SourceFile extends DataFile {
  readonly format: "text" | "jsonl" | "parquet";
  /** Around the whole file; Parquet has its own inside. */
  readonly compression: "none" | "gzip" | "zstd";
}

/**
 * The files of one entry of `data.sources`, sorted by path and without repetitions.
 *
 * @param index of the entry, for messages
 * @throws FlmError DATA_NOT_FOUND for a pattern without files, DATA_INVALID for a file that source cannot have
 */
export function findSourceFiles(source: SourceConfig, index: number): SourceFile[] {
  const paths = new Set<string>();
  for (const pattern of source.path) {
    const found = findFiles(pattern);
    if (found.length === 0) throw notFound(pattern, index);
    for (const path of found) paths.add(path);
  }
  const files = [...paths].sort().map((path) => describeFile(path, source));
  const text = files.find(({ format }) => format === "text");
  if (source.type !== "text" && text !== undefined)
    throw new FlmError(
      "DATA_INVALID",
      `data.sources.${index}.type: ${text.path} is text and has no fields to make a ${source.type} of`,
      { hint: "name .jsonl or .parquet files, or set data.sources[].format" },
    );
  return files;
}

/** True when the file is no longer what `describeFile` saw. */
export function hasChanged(file: SourceFile): boolean {
  const { size, mtime_ns } = stateOf(file.path);
  return size !== file.size || mtime_ns !== file.mtime_ns;
}

function describeFile(path: string, { format }: SourceConfig): SourceFile {
  const [, stem, ending] = /^(.*?)(\.gz|\.zst)?$/is.exec(path.toLowerCase())!;
  const compression = ending === undefined ? "none" : ending === ".gz" ? "gzip" : "zstd";
  return { path, format: formatOf(stem!, format), compression, ...stateOf(path) };
}

function formatOf(name: string, format: SourceConfig["format"]): SourceFile["format"] {
  if (format !== "auto") return format;
  if (name.endsWith(".parquet")) return "parquet";
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
  if (existsSync(pattern) && !statSync(pattern).isDirectory())
    return new FlmError(
      "DATA_NOT_FOUND",
      `data.sources.${index}.path: ${pattern} is neither a file nor a directory`,
      { hint: "files are read several times, which a pipe cannot be: write its text to a file" },
    );
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
