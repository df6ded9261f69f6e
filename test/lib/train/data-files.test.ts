import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { DataFile } from "../../../lib/data/types.ts";
import { changedDataFiles, writeDataFiles } from "../../../lib/train/data-files.ts";
import { RunDirectory } from "../../../lib/train/run-directory.ts";
import { directoryWith } from "../data/support.ts";

const file = (path: string, size = 10, mtime_ns = "1"): DataFile => ({ path, size, mtime_ns });

it("tells which of a run's files have changed, and how", () => {
  const directory = new RunDirectory(directoryWith());
  expect(changedDataFiles(directory, [file("/a")])).toEqual([]);
  writeDataFiles(
    directory,
    ["/a", "/b", "/c", "/d"].map((path) => file(path)),
  );
  const now = [file("/a"), file("/b", 12), file("/c", 10, "2"), file("/e")];
  expect(changedDataFiles(directory, now)).toEqual([
    "/b had 10 bytes, now has 12",
    "/c has been written to",
    "/d is no longer there",
    "/e is new",
  ]);
});

it("names no more than a few", () => {
  const directory = new RunDirectory(directoryWith());
  writeDataFiles(directory, []);
  const now = Array.from({ length: 20 }, (_, i) => file(`/${i}`));
  expect(changedDataFiles(directory, now)).toHaveLength(6);
  expect(changedDataFiles(directory, now).at(-1)).toBe("and 15 more files");
});

it("tells nothing where a crash has cut the list off", () => {
  const directory = new RunDirectory(directoryWith());
  writeFileSync(directory.data_files, '[{"path":');
  expect(changedDataFiles(directory, [file("/a")])).toEqual([]);
});
