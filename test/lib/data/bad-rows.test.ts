import { appendFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { UserConfig } from "../../../lib/config/index.ts";
import { readTokens } from "../../../lib/data/corpus/document-index.ts";
import { prepareData } from "../../../lib/data/prepare.ts";
import type { PreparedData } from "../../../lib/data/types.ts";
import { loadNative } from "../../../lib/native/load.ts";
import { configFor, directoryWith, errorOf } from "./support.ts";
import { parquetBytes } from "./parquet-bytes.ts";

type Source = UserConfig["data"]["sources"][number];

function prepare(
  directory: string,
  on_bad_row: "error" | "skip",
  source: Partial<Source> = {},
): Promise<PreparedData> {
  const data: UserConfig["data"] = {
    sources: [{ path: "text", ...source }],
    validation: { fraction: 0 },
    cache_dir: "cache",
    on_bad_row,
  };
  const isTeacher = source.type === "proposition";
  const objective: UserConfig["objective"] = { type: isTeacher ? "freelm" : "language" };
  const config = configFor(directory, data, { type: "bytes" }, objective);
  return prepareData(config, { native: loadNative() });
}

const good = (count: number) =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ text: `good row ${i}` })).join("\n");

interface Case {
  what: string;
  files: Record<string, string | Buffer>;
  source?: Partial<Source>;
  /** What the message names, the place above all. */
  says: RegExp;
  /** Documents that are left. */
  left: number;
}

const damaged = gzipSync(good(2000)).subarray(0, -40);
const flipped = Buffer.from(gzipSync(good(2000)));
flipped[flipped.length >> 1]! ^= 0xff;

const CASES: Case[] = [
  {
    what: "a line that is not JSON",
    files: { "text/a.jsonl": `${good(3)}\n{"text": oops\n${good(5)}` },
    says: /a\.jsonl:4 is not JSON/,
    left: 5,
  },
  {
    what: "a line that is no object",
    files: { "text/a.jsonl": `${good(3)}\n[1]\n` },
    says: /a\.jsonl:4 holds array, not an object/,
    left: 3,
  },
  {
    what: "a missing field",
    files: { "text/a.jsonl": `{"title": "x"}\n${good(3)}` },
    says: /a\.jsonl:1: field "text" is missing/,
    left: 3,
  },
  {
    what: "a number for a text",
    files: { "text/a.jsonl": `${good(2)}\n{"text": 7}\n${good(4)}` },
    says: /a\.jsonl:3: field "text" holds number, not a string/,
    left: 4,
  },
  {
    what: "a bad label",
    files: {
      "text/a.jsonl": '{"proposition":"p","label":"yes"}\n{"proposition":"p","label":[]}',
    },
    source: { type: "proposition" },
    says: /a\.jsonl:2: field "label" holds array/,
    left: 1,
  },
  {
    what: "a file that is not UTF-8",
    files: {
      "text/a.txt": Buffer.from(Array.from({ length: 999 }, (_, i) => 128 + ((i * 37) % 128))),
      "text/b.txt": "fine",
    },
    says: /a\.txt is not UTF-8 text: \d+ % of its characters/,
    left: 1,
  },
  {
    what: "gzip that is cut off",
    files: { "text/a.jsonl.gz": damaged, "text/b.jsonl": good(3) },
    says: /a\.jsonl\.gz is damaged gzip: it ends in the middle, within its first \d+ bytes/,
    left: 3,
  },
  {
    what: "gzip with a wrong bit",
    files: { "text/a.jsonl.gz": flipped, "text/b.jsonl": good(3) },
    says: /a\.jsonl\.gz is damaged gzip: .*, within its first \d+ bytes/,
    left: 3,
  },
  {
    what: "Zstandard that is none",
    files: { "text/a.jsonl.zst": "no zstd", "text/b.jsonl": good(3) },
    says: /a\.jsonl\.zst is damaged zstd/,
    left: 3,
  },
  {
    what: "Parquet that is none",
    files: { "text/a.parquet": "PAR1 but no more", "text/b.jsonl": good(3) },
    says: /a\.parquet cannot be read as Parquet/,
    left: 3,
  },
  {
    what: "a Parquet row above the limit",
    files: {
      "text/a.parquet": parquetBytes(
        [[{ name: "text", values: ["first", "x".repeat(2 ** 26 + 1), "last"] }]],
        "gzip",
      ),
    },
    says: /a\.parquet, row 1 holds a document above the limit of 64 MiB/,
    left: 2,
  },
  {
    what: "Parquet without the column",
    files: {
      "text/a.parquet": parquetBytes([[{ name: "body", values: ["x"] }]]),
      "text/b.jsonl": good(3),
    },
    says: /a\.parquet has no column text/,
    left: 3,
  },
];

describe.each(CASES)("$what", ({ files, source, says, left }) => {
  it("ends the run, naming file and place", async () => {
    const error = await errorOf(() => prepare(directoryWith(files), "error", source));
    expect(error.code).toBe("DATA_INVALID");
    expect(error.message).toMatch(says);
    expect(error.hint).toBeTruthy();
  });

  it("is left out, counted and reported, where that is configured", async () => {
    const data = await prepare(directoryWith(files), "skip", source);
    expect(data).toMatchObject({ train_documents: left, bad_rows: 1 });
    expect(data.warnings).toEqual([expect.stringMatching(says)]);
    expect(data.warnings[0]).toContain("left out by data.on_bad_row");
  });
});

describe("files of which every row is left out", () => {
  it("are said to be so, not to be empty", async () => {
    const error = await errorOf(() =>
      prepare(directoryWith({ "text/a.jsonl": '{"body":"x"}\n{"body":"y"}\n' }), "skip"),
    );
    expect(error.code).toBe("DATA_EMPTY");
    expect(error.message).toMatch(/2 rows of data\.sources\.0 left out.*a\.jsonl:1: field "text"/);
    expect(error.hint).toContain("data.sources[].field");
  });

  it("may be damaged archives", async () => {
    const error = await errorOf(() =>
      prepare(directoryWith({ "text/a.jsonl.gz": damaged }), "skip"),
    );
    expect(error.code).toBe("DATA_EMPTY");
    expect(error.message).toMatch(/left out by data\.on_bad_row: .*a\.jsonl\.gz is damaged gzip/);
  });
});

describe("a line of 200 MB", () => {
  const directory = () => {
    const made = directoryWith({ "text/a.jsonl": `${good(2)}\n{"text":"` });
    const path = join(made, "text/a.jsonl");
    truncateSync(path, 200e6);
    appendFileSync(path, `"}\n${good(3)}`);
    return made;
  };

  it("ends the run before it is in memory, or is left out", async () => {
    const files = directory();
    const error = await errorOf(() => prepare(files, "error"));
    expect(error.message).toMatch(/a\.jsonl:3 holds a document above the limit of 64 MiB/);
    const data = await prepare(files, "skip");
    expect(data).toMatchObject({ train_documents: 3, bad_rows: 1 });
    expect(data.warnings[0]).toMatch(/1 row of data\.sources\.0 left out.*a\.jsonl:3/);
  });
});

describe("bytes that are not UTF-8", () => {
  it("become U+FFFD, and the documents that had them are counted", async () => {
    const line = Buffer.from('{"text":"one bad \xff byte"}', "latin1");
    const data = await prepare(directoryWith({ "text/a.jsonl": line }), "error");
    expect(data.warnings).toEqual([
      expect.stringMatching(/^1 document is not valid UTF-8.*the first is in .*a\.jsonl:1/),
    ]);
    const ids = [...readTokens(data.files[0]!, Infinity)!];
    expect(data.tokenizer.decode(ids)).toBe("one bad \uFFFD byte");
  });
});
