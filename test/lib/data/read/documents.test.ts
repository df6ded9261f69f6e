import { execFileSync } from "node:child_process";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { MAX_DOCUMENT_BYTES } from "../../../../lib/data/read/document.ts";
import { readDocuments } from "../../../../lib/data/read/documents.ts";
import { findSourceFiles } from "../../../../lib/data/read/source-files.ts";
import { collect, directoryWith, errorOf, readAll } from "../support.ts";

function read(
  files: Record<string, string | Uint8Array>,
  format: "auto" | "text" | "jsonl" = "auto",
  field = "text",
) {
  return readAll(files, { format, field });
}

async function texts(...args: Parameters<typeof read>): Promise<string[]> {
  return (await read(...args)).map(({ text }) => text.toString());
}

const line = (text: unknown) => `${JSON.stringify({ text })}\n`;

describe("text files", () => {
  it("are one document each, sorted by name, empty ones none", async () => {
    const files = { "b.txt": "two\nlines", "a.md": "one of many\0", "c.txt": "" };
    expect(await texts(files)).toEqual(["one of many\0", "two\nlines"]);
  });

  it("are read through gzip and without their byte order mark", async () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("中文", "utf16le")]);
    const files = { "a.txt.gz": gzipSync("packed"), "b.txt": "\uFEFFmarked", "c.txt": utf16 };
    expect(await texts(files)).toEqual(["packed", "marked", "中文"]);
  });

  it("keep what is text when a few bytes are not, and say so", async () => {
    const latin1 = Buffer.from("a café in a long enough sentence", "latin1");
    const [document] = await read({ "a.txt": latin1 });
    expect(document!.repaired).toMatch(/a\.txt$/);
    expect(document!.text.toString()).toBe("a caf\uFFFD in a long enough sentence");
  });

  it("are refused when they are no text at all", async () => {
    const noise = Uint8Array.from({ length: 1000 }, (_, i) => (i * 151) % 256);
    const error = await errorOf(() => read({ "a.txt": noise }));
    expect(error).toMatchObject({ code: "DATA_INVALID" });
    expect(error.message).toMatch(/a\.txt is not UTF-8 text: \d+ % of its characters/);
  });
});

describe("text files of another encoding", () => {
  const big = (text: string) => Buffer.from(text, "utf16le").swap16();
  const utf32 = (text: string) =>
    Buffer.from([...text].flatMap((c) => [...c, "\0"]).join(""), "utf16le");

  it.each([
    ["UTF-32, little-endian", utf32("\uFEFFa text"), /a\.txt is not UTF-8 text: it is UTF-32$/],
    ["UTF-32, big-endian", utf32("\uFEFFa text").swap32(), /it is UTF-32$/],
    ["UTF-16 without a mark", Buffer.from("a text", "utf16le"), /50 % of its characters/],
    ["UTF-16 without a mark, big-endian", big("a text"), /50 % of its characters/],
    ["Cyrillic UTF-16 without a mark", Buffer.from("текст", "utf16le"), /50 % of its characters/],
  ])("are refused: %s", async (_, content, message) => {
    const error = await errorOf(() => read({ "a.txt": content }));
    expect(error).toMatchObject({ code: "DATA_INVALID", hint: expect.stringMatching(/UTF-16/) });
    expect(error.message).toMatch(message);
  });

  it("may have white space and the colours of a terminal", async () => {
    const text = "\u001b[1m\t\r\n\f\u001b[0m\n";
    expect(await texts({ "a.txt": text })).toEqual([text]);
  });
});

describe("JSONL files", () => {
  it("are one document a line, blank lines and empty texts none", async () => {
    const jsonl = `\uFEFF${line("a")}\r\n${line("")}   \n${line("é\u0000\n")}${line("last").trim()}`;
    expect(await texts({ "a.jsonl": jsonl })).toEqual(["a", "é\0\n", "last"]);
    expect(await texts({ "a.ndjson.gz": gzipSync(jsonl) })).toEqual(["a", "é\0\n", "last"]);
  });

  it("may have lines longer than a chunk and another field", async () => {
    const long = "x".repeat(700_000);
    const body = JSON.stringify({ body: long, text: 1 });
    expect(await texts({ "a.txt": body }, "jsonl", "body")).toEqual([long]);
  });

  it.each([
    ["little", Buffer.from(`\uFEFF${line("a")}${line("b")}`, "utf16le")],
    ["big", Buffer.from(`\uFEFF${line("a")}${line("b")}`, "utf16le").swap16()],
  ])("are refused as UTF-16, %s-endian, in words that name it", async (_, content) => {
    const error = await errorOf(() => read({ "a.jsonl": content }));
    expect(error).toMatchObject({ code: "DATA_INVALID", hint: expect.stringMatching(/iconv/) });
    expect(error.message).toMatch(/a\.jsonl is UTF-16, not UTF-8/);
  });

  it("say when something had to be replaced", async () => {
    const bad = Buffer.concat([Buffer.from('{"text":"a'), Buffer.from([0xff]), Buffer.from('"}')]);
    const place = expect.stringMatching(/a\.jsonl:1$/);
    expect(await read({ "a.jsonl": bad })).toMatchObject([{ repaired: place }]);
    expect(await read({ "a.jsonl": '{"text":"\\ud800"}' })).toMatchObject([{ repaired: place }]);
  });

  it.each([
    ["{nope", /a\.jsonl:2 is not JSON/],
    ["[1]", /a\.jsonl:2 holds array, not an object/],
    ["null", /a\.jsonl:2 holds null, not an object/],
    ['{"txt":"x"}', /a\.jsonl:2: field "text" is missing/],
    ['{"text":7}', /a\.jsonl:2: field "text" holds number, not a string/],
    ['{"text":null}', /a\.jsonl:2: field "text" holds null/],
  ])("name file and line of %s", async (bad, message) => {
    const error = await errorOf(() => read({ "a.jsonl": `${line("fine")}${bad}\n` }));
    expect(error.code).toBe("DATA_INVALID");
    expect(error.message).toMatch(message);
    expect(error.hint).toBeTruthy();
  });

  it.each(['{"text": \u001b]0;x\u0007 }', '{"\\u001b]0;x\\u0007": 1}'])(
    "have no control characters in messages: %j",
    async (bad) => {
      const { message, hint } = await errorOf(() => read({ "a.jsonl": bad }));
      expect(`${message} ${hint}`).toMatch(/\\x1b/);
      expect(`${message} ${hint}`).not.toMatch(/\p{Cc}/u);
    },
  );

  it("do not find fields on the prototype", async () => {
    const error = await errorOf(() => read({ "a.jsonl": "{}" }, "auto", "toString"));
    expect(error.message).toMatch(/field "toString" is missing/);
  });
});

describe("hostile files", () => {
  it.each(["a.txt.gz", "a.jsonl.gz"])("%s: cut and damaged gzip", async (name) => {
    const whole = gzipSync(line("x".repeat(10_000)) + line(Math.E));
    const cut = await errorOf(() => read({ [name]: whole.subarray(0, whole.length - 10) }));
    expect(cut).toMatchObject({ code: "DATA_INVALID" });
    expect(cut.message).toMatch(/is damaged gzip: it ends in the middle/);
    const other = await errorOf(() => read({ [name]: "not gzip" }));
    expect(other.message).toMatch(/is damaged gzip: incorrect header check/);
  });

  it.each([
    ["a.txt.gz", /a\.txt\.gz holds a document above the limit of 64 MiB/],
    ["a.jsonl.gz", /a\.jsonl\.gz:1 holds a document above/],
  ])("%s: unfolds to more than a document may have", async (name, message) => {
    const bomb = gzipSync(Buffer.alloc(MAX_DOCUMENT_BYTES + 1, "x"), { level: 1 });
    const error = await errorOf(() => read({ [name]: bomb }));
    expect(error).toMatchObject({ code: "DATA_INVALID" });
    expect(error.message).toMatch(message);
  });
});

describe("a line of 200 MB", () => {
  it("is refused before it is in memory", async () => {
    const directory = directoryWith({ "a.jsonl": '{"text":"fine"}\n{"text":"' });
    const path = join(directory, "a.jsonl");
    truncateSync(path, 200e6);
    const [file] = findSourceFiles({ path: [path], format: "auto", type: "text" }, 0);
    const error = await errorOf(() =>
      collect(readDocuments({ files: [file!], field: "text", samples: "text" })),
    );
    expect(error).toMatchObject({ code: "DATA_INVALID" });
    expect(error.message).toMatch(/a\.jsonl:2 holds a document above the limit of 64 MiB/);
  });
});

describe("findSourceFiles", () => {
  const source = (path: string[]) => ({ path, format: "auto" as const, type: "text" as const });

  it("finds each file once", () => {
    const directory = directoryWith({ "a.md": "", "b.md": "" });
    const files = findSourceFiles(source([`${directory}/b.md`, directory, `${directory}/*`]), 0);
    expect(files.map(({ path }) => path)).toEqual([`${directory}/a.md`, `${directory}/b.md`]);
  });

  it.each([
    ["absent/*.txt", /there are no files at .*absent/, /check the path/],
    ["node_modules/**/*.md", /data\.sources\.3\.path/, /npm ci first/],
  ])("names the pattern without files: %s", async (pattern, message, hint) => {
    const directory = directoryWith();
    const error = await errorOf(() => findSourceFiles(source([join(directory, pattern)]), 3));
    expect(error).toMatchObject({ code: "DATA_NOT_FOUND" });
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  it("does not deny that a pipe is there", async () => {
    const pipe = join(directoryWith(), "text.jsonl");
    execFileSync("mkfifo", [pipe]);
    const error = await errorOf(() => findSourceFiles(source([pipe]), 1));
    expect(error).toMatchObject({
      code: "DATA_NOT_FOUND",
      hint: expect.stringMatching(/to a file/),
    });
    expect(error.message).toBe(`data.sources.1.path: ${pipe} is neither a file nor a directory`);
  });

  it("goes by the name's ending, behind that of a compression", () => {
    const names = ["a.md", "b.jsonl.gz", "c.parquet", "d.NDJSON.zst", "e.txt.GZ"];
    const directory = directoryWith(Object.fromEntries(names.map((name) => [name, ""])));
    const found = findSourceFiles(source([directory]), 0);
    expect(found.map(({ format, compression }) => [format, compression])).toEqual([
      ["text", "none"],
      ["jsonl", "gzip"],
      ["parquet", "none"],
      ["jsonl", "zstd"],
      ["text", "gzip"],
    ]);
  });

  it("names a text file where rows are needed", async () => {
    const directory = directoryWith({ "a.txt": "" });
    const wanted = { ...source([directory]), type: "conversation" as const };
    const error = await errorOf(() => findSourceFiles(wanted, 2));
    expect(error).toMatchObject({ code: "DATA_INVALID" });
    expect(error.message).toMatch(/data\.sources\.2\.type: .*a\.txt is text/);
  });
});
