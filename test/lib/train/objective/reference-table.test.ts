import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { joinRows } from "../../../../lib/eval/loss-of-rows.ts";
import { readReference, ReferenceTable } from "../../../../lib/train/objective/reference-table.ts";

const WANTED = { data: "0123", seq_length: 8 };

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "flm-reference-"));
  path = join(directory, "reference.json");
});

afterEach(() => rmSync(directory, { recursive: true }));

describe("readReference", () => {
  test("gives what the reference model said of the same rows alone", () => {
    writeFileSync(path, JSON.stringify({ ...WANTED, log_probs: [-1, -2] }));
    expect(readReference(path, WANTED)).toEqual([-1, -2]);
    expect(readReference(path, { ...WANTED, data: "4567" })).toBeNull();
    expect(readReference(path, { ...WANTED, seq_length: 16 })).toBeNull();
  });

  test("keeps what is not finite apart from a probability of one", () => {
    writeFileSync(path, JSON.stringify({ ...WANTED, log_probs: [-1, NaN, -Infinity] }));
    expect(readReference(path, WANTED)).toEqual([-1, NaN, NaN]);
  });

  test("takes a file that a crash has cut off for none", () => {
    expect(readReference(path, WANTED)).toBeNull();
    writeFileSync(path, '{"data":"0123","seq_le');
    expect(readReference(path, WANTED)).toBeNull();
  });
});

test("rows are known by their first piece, whatever the reference says of them", () => {
  const row = (start: number) => Float64Array.of(0, 0, start, 3, 0, 0, 0, start + 3, 2, 0);
  const rows = [row(10), row(20), row(30)];
  const table = new ReferenceTable(rows, [-1, NaN, -3]);
  expect([...table.of(joinRows([rows[1]!, rows[2]!, rows[0]!]), 3)]).toEqual([NaN, -3, -1]);
});
