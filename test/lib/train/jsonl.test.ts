import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { JsonlWriter } from "../../../lib/train/jsonl.ts";
import { failure } from "../failure.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const all = () => true;

function reopened(text: string, keep: (row: Record<string, unknown>) => boolean = all): string {
  const path = join(temporaryDirectory(), "rows.jsonl");
  writeFileSync(path, text);
  new JsonlWriter(path, keep).close();
  return readFileSync(path, "utf8");
}

test("every row is in the file at once", () => {
  const path = join(temporaryDirectory(), "rows.jsonl");
  const writer = new JsonlWriter(path, all);
  writer.append({ step: 1, text: "two\nlines" });
  expect(readFileSync(path, "utf8")).toBe('{"step":1,"text":"two\\nlines"}\n');
  writer.append({ step: 2, loss: Number.NaN });
  expect(readFileSync(path, "utf8").split("\n")[1]).toBe('{"step":2,"loss":null}');
  writer.close();
});

test("rows that cannot be removed do not keep the next one from being told", () => {
  const path = join(temporaryDirectory(), "rows.jsonl");
  const writer = new JsonlWriter(path, all);
  writer.append({ step: 1 });
  mkdirSync(`${path}.tmp`);
  expect(failure(() => writer.retain(() => false)).code).toBe("IO");
  writer.append({ type: "failed" });
  writer.close();
  expect(readFileSync(path, "utf8")).toBe('{"step":1}\n{"type":"failed"}\n');
});

test("rows are counted, and lines that are none, but for a last one that a crash cut off", () => {
  const path = join(temporaryDirectory(), "rows.jsonl");
  writeFileSync(path, '{"step":1}\n{"st\0p":2\n\n{"step":3}\n{"step":4}\n{"step":5,"lo');
  const writer = new JsonlWriter(path, (row) => Number(row.step) < 4);
  expect(writer).toMatchObject({ rows: 2, damaged: 1 });
  writer.append({ step: 4 });
  expect(writer.rows).toBe(3);
  writer.retain((row) => Number(row.step) < 2);
  expect(writer.rows).toBe(1);
  writer.close();
});

test("rows are synced with the file that has the name now", async () => {
  const path = join(temporaryDirectory(), "rows.jsonl");
  const writer = new JsonlWriter(path, all);
  for (const step of [1, 2]) {
    writer.append({ step });
    await writer.sync();
    writer.retain(all);
    await writer.sync();
  }
  writer.close();
});

describe("a file that is there", () => {
  test("is continued", () => {
    const path = join(temporaryDirectory(), "rows.jsonl");
    for (const step of [1, 2]) {
      const writer = new JsonlWriter(path, all);
      writer.append({ step });
      writer.close();
    }
    expect(readFileSync(path, "utf8")).toBe('{"step":1}\n{"step":2}\n');
    expect(readdirSync(join(path, ".."))).toEqual(["rows.jsonl"]);
  });

  test("loses the rows that are going to be written again", () => {
    const text = '{"step":1}\n{"step":2}\n{"step":3}\n';
    expect(reopened(text, (row) => Number(row.step) <= 2)).toBe('{"step":1}\n{"step":2}\n');
  });

  test("loses a line that a crash cut off, and keeps a whole one", () => {
    expect(reopened('{"step":1}\n{"step":2,"lo')).toBe('{"step":1}\n');
    expect(reopened('{"step":1}\n{"step":2}')).toBe('{"step":1}\n{"step":2}\n');
  });

  test.each(["null", "5", '"text"', "[1]", "", "\0\0\0"])("loses what is no row: %j", (line) => {
    const keep = (row: Record<string, unknown>) => Number(row.step) <= 9;
    expect(reopened(`{"step":1}\n${line}\n{"step":2}\n`, keep)).toBe('{"step":1}\n{"step":2}\n');
  });
});

test("what the file system refuses names the path", () => {
  const path = join(temporaryDirectory(), "missing", "rows.jsonl");
  expect(failure(() => new JsonlWriter(path, all))).toMatchObject({
    code: "IO",
    message: expect.stringContaining(path),
  });
});
