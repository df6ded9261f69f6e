import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readReference } from "../../../../lib/train/objective/reference-table.ts";

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

  test("takes a file that a crash has cut off for none", () => {
    expect(readReference(path, WANTED)).toBeNull();
    writeFileSync(path, '{"data":"0123","seq_le');
    expect(readReference(path, WANTED)).toBeNull();
  });
});
