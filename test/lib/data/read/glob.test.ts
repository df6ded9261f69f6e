import { symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { expandBraces, findFiles } from "../../../../lib/data/read/glob.ts";
import { directoryWith } from "../support.ts";

const TREE = {
  "a.md": "",
  "b.txt": "",
  ".hidden.md": "",
  "docs/c.md": "",
  "docs/deep/er/d.md": "",
  "docs/.secret/e.md": "",
  "node_modules/x/readme.md": "",
  "node_modules/x/node_modules/y/readme.md": "",
  "odd/[1].md": "",
  "odd/{a,b}.md": "",
};

function found(pattern: string): string[] {
  const directory = directoryWith(TREE);
  return findFiles(`${directory}/${pattern}`).map((path) => relative(directory, path));
}

describe("findFiles", () => {
  it.each<[string, string[]]>([
    ["a.md", ["a.md"]],
    ["*.md", ["a.md"]],
    [".*.md", [".hidden.md"]],
    ["?.{md,txt}", ["a.md", "b.txt"]],
    ["docs/**/*.md", ["docs/c.md", "docs/deep/er/d.md"]],
    ["docs/**", ["docs/c.md", "docs/deep/er/d.md"]],
    ["docs/**/**/d.md", ["docs/deep/er/d.md"]],
    ["docs", ["docs/c.md", "docs/deep/er/d.md"]],
    ["doc?/", ["docs/c.md", "docs/deep/er/d.md"]],
    ["docs/*", ["docs/c.md"]],
    ["docs/.secret/*.md", ["docs/.secret/e.md"]],
    ["node_modules/*/*.md", ["node_modules/x/readme.md"]],
    [
      "node_modules/**/*.md",
      ["node_modules/x/node_modules/y/readme.md", "node_modules/x/readme.md"],
    ],
    ["{docs,odd}/{c,[1]}.md", ["docs/c.md", "odd/[1].md"]],
    ["odd/{a,b}.md", ["odd/{a,b}.md"]],
    ["a.md/*", []],
    ["absent/**", []],
    ["*.jsonl", []],
  ])("%s", (pattern, expected) => {
    expect(found(pattern)).toEqual(expected);
  });

  it("follows links that a pattern names, and never in circles", () => {
    const directory = directoryWith({ "real/a.md": "" });
    symlinkSync(directory, join(directory, "real/up"));
    symlinkSync(join(directory, "real/a.md"), join(directory, "link.md"));
    symlinkSync(join(directory, "gone"), join(directory, "broken.md"));
    const names = (pattern: string) =>
      findFiles(join(directory, pattern)).map((path) => relative(directory, path));
    expect(names("**/*.md")).toEqual(["link.md", "real/a.md"]);
    expect(names("real/*/real/*.md")).toEqual(["real/up/real/a.md"]);
  });
});

describe("expandBraces", () => {
  it.each([
    ["{a,b}/{c,d}", ["a/c", "a/d", "b/c", "b/d"]],
    ["x{a,{b,c}y}z", ["xaz", "xbyz", "xcyz"]],
    ["{a,}b", ["ab", "b"]],
    ["{a}/{b", ["{a}/{b"]],
    ["{{a,b}", ["{a", "{b"]],
  ])("%s", (pattern, expected) => {
    expect(expandBraces(pattern)).toEqual(expected);
  });
});
