import { type FileHandle, open } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import type { AsyncBuffer, FileMetaData } from "hyparquet";
import { FlmError, ioError } from "../../errors.ts";
import { printable } from "../../format.ts";
import { MAX_DOCUMENT_BYTES, tooLarge } from "./document.ts";
import type { Row } from "./row.ts";
import type { SourceFile } from "./source-files.ts";
import { repairUtf8 } from "./utf8.ts";

/** Of one column in one row group, uncompressed: what is in memory at a time. */
const MAX_COLUMN_BYTES = 2 ** 30;
/** Each is an object of a hundred bytes, also where a dictionary makes them a few bytes in the file. */
const MAX_COLUMN_VALUES = 2 ** 23;
/** Its marks at both ends, and the length of what lies between them. */
const LEAST_BYTES = 12;

/**
 * The rows of a Parquet file, with those of `columns` that it has, or what is wrong with a row, naming it. Holds one row
 * group at a time.
 *
 * @throws FlmError DATA_INVALID, naming file, row group and column; IO when the file cannot be read
 */
export async function* readParquetFile(
  file: SourceFile,
  columns: readonly string[],
): AsyncGenerator<Row | FlmError> {
  // Loaded here because few corpora need them: the decompressors carry WebAssembly.
  const { parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const { compressors: all } = await import("hyparquet-compressors");
  const compressors = { ...all, GZIP: gunzip };
  const handle = await open(file.path, "r").catch((cause: unknown) => {
    throw ioError("read", file.path, cause);
  });
  try {
    const source = bufferOf(handle, file);
    const metadata = await attempt(file.path, async () => {
      if (source.byteLength < LEAST_BYTES) throw new Error(`it has ${source.byteLength} bytes`);
      return parquetMetadataAsync(source);
    });
    const present = chooseColumns(file.path, columnsOf(metadata), columns);
    let rowStart = 0;
    for (const [index, group] of metadata.row_groups.entries()) {
      const where = `${file.path}, row group ${index}`;
      const rowEnd = rowStart + Number(group.num_rows);
      checkSizes(group, present, where);
      const replaced = new Set<string>();
      const stringFromBytes = (bytes: Uint8Array | undefined) => decode(bytes, replaced);
      const read = { file: source, metadata, compressors, rowStart, rowEnd, columns: present };
      const rows = await attempt(`${where}, columns ${present.join(", ")}`, () =>
        parquetReadObjects({ ...read, parsers: { stringFromBytes } }),
      );
      for (const [i, fields] of rows.entries()) {
        const place = `${file.path}, row ${rowStart + i}`;
        if (Object.values(fields).some(isTooLarge)) {
          yield tooLarge(place);
          continue;
        }
        const repaired = replaced.size > 0 && Object.values(fields).some((v) => replaced.has(v));
        yield { fields, where: place, repaired };
      }
      rowStart = rowEnd;
    }
  } finally {
    await handle.close();
  }
}

function isTooLarge(value: unknown): boolean {
  return typeof value === "string" && value.length > MAX_DOCUMENT_BYTES;
}

/** Node's is several times as fast. */
function gunzip(input: Uint8Array, maxOutputLength: number): Uint8Array {
  return gunzipSync(input, { maxOutputLength });
}

function bufferOf(handle: FileHandle, { size }: SourceFile): AsyncBuffer {
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const bytes = new Uint8Array(end - start);
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
        if (bytesRead === 0) throw new Error(`the file ends at byte ${start + at}`);
        at += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

/** Names of the columns, nested ones by their first part. */
function columnsOf({ row_groups, schema }: FileMetaData): string[] {
  const paths = row_groups[0]?.columns.map(({ meta_data }) => meta_data?.path_in_schema[0]);
  const names = paths ?? schema.slice(1).map(({ name }) => name);
  return [...new Set(names)].filter((name) => name !== undefined);
}

function chooseColumns(path: string, all: readonly string[], wanted: readonly string[]): string[] {
  const present = all.filter((name) => wanted.includes(name));
  if (present.length > 0) return present;
  const names = printable(all.join(", ")) || "none";
  throw new FlmError("DATA_INVALID", `${path} has no column ${wanted.join(" or ")}`, {
    hint: `${remedyFor(wanted)}; its columns are ${names}`,
  });
}

/** Text alone is looked for in one column, whose name is the user's to choose. */
function remedyFor(wanted: readonly string[]): string {
  return wanted.length === 1
    ? "name another field (data.sources[].field, or --field)"
    : "rows of this type are made of columns with these names";
}

function checkSizes(
  { columns }: FileMetaData["row_groups"][number],
  present: readonly string[],
  where: string,
): void {
  for (const { meta_data } of columns) {
    const name = meta_data?.path_in_schema[0];
    if (meta_data === undefined || name === undefined || !present.includes(name)) continue;
    const bytes = Math.max(
      Number(meta_data.total_uncompressed_size),
      Number(meta_data.total_compressed_size),
    );
    const refuse = (found: string, limit: number) => {
      throw new FlmError(
        "DATA_INVALID",
        `${where}: column "${printable(name)}" has ${found}, above the limit of ${limit}`,
        { hint: "write the file again with smaller row groups" },
      );
    };
    if (bytes > MAX_COLUMN_BYTES) refuse(`${bytes} bytes`, MAX_COLUMN_BYTES);
    const values = Number(meta_data.num_values);
    if (values > MAX_COLUMN_VALUES) refuse(`${values} values`, MAX_COLUMN_VALUES);
  }
}

function decode(bytes: Uint8Array | undefined, replaced: Set<string>): string | undefined {
  if (bytes === undefined || bytes === null) return bytes;
  const utf8 = repairUtf8(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const text = utf8.bytes.toString();
  if (utf8.replaced > 0) replaced.add(text);
  return text;
}

/** Everything that the reader throws means a damaged file, or one that uses what it does not know. */
async function attempt<T>(where: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall !== undefined) throw ioError("read", where, cause);
    throw new FlmError(
      "DATA_INVALID",
      `${where} cannot be read as Parquet: ${printable((cause as Error).message)}`,
      {
        hint: "fetch the file again, or leave it out with a narrower data.sources[].path",
        cause,
      },
    );
  }
}
