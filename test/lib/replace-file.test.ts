import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { replaceFile } from "../../lib/replace-file.ts";
import { failure } from "./failure.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

test("a file is replaced whole", () => {
  const directory = temporaryDirectory();
  const path = join(directory, "file");
  replaceFile(path, "one");
  replaceFile(path, "two");
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(readdirSync(directory)).toEqual(["file"]);
});

test("what cannot be replaced leaves nothing beside it", () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "taken"));
  expect(failure(() => replaceFile(join(directory, "taken"), "")).code).toBe("IO");
  expect(failure(() => replaceFile(join(directory, "none", "file"), "")).code).toBe("IO");
  expect(readdirSync(directory)).toEqual(["taken"]);
});
