import { existsSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeDirectory } from "../../lib/make-directory.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

describe("a directory is made", () => {
  test("with its parents, and once more without harm", () => {
    const path = join(temporaryDirectory(), "a", "b", "c");
    makeDirectory(path);
    makeDirectory(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  test("through a link to one", () => {
    const directory = temporaryDirectory();
    const link = join(directory, "link");
    symlinkSync(directory, link);
    makeDirectory(link);
    makeDirectory(join(link, "inner"));
    expect(existsSync(join(directory, "inner"))).toBe(true);
  });
});

describe("a directory is refused", () => {
  test("where a file is, or below one", () => {
    const file = join(temporaryDirectory(), "file");
    writeFileSync(file, "");
    expect(() => makeDirectory(file)).toThrow("EEXIST");
    expect(() => makeDirectory(join(file, "inner"))).toThrow("ENOTDIR");
  });

  test("at a link that leads nowhere", () => {
    const link = join(temporaryDirectory(), "link");
    symlinkSync("nowhere", link);
    expect(() => makeDirectory(link)).toThrow();
    expect(() => makeDirectory(join(link, "inner"))).toThrow();
  });

  test.skipIf(!existsSync("/proc/self"))("where the system takes none, and that at once", () => {
    expect(() => makeDirectory("/proc/none/inner")).toThrow("ENOENT");
  });
});
