import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeAll } from "../../../lib/train/write-all.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

describe("writing all of some bytes", () => {
  it("appends them", () => {
    const path = join(temporaryDirectory(), "file");
    const file = openSync(path, "a");
    for (const text of ["one\n", "", "zwei ü\n"]) writeAll(file, Buffer.from(text));
    closeSync(file);
    expect(readFileSync(path, "utf8")).toBe("one\nzwei ü\n");
  });

  it.runIf(process.platform === "linux")("says that the disk is full", () => {
    const file = openSync("/dev/full", "a");
    expect(() => writeAll(file, Buffer.from("row\n"))).toThrow("ENOSPC");
    closeSync(file);
  });
});
