import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { expandBraces, findFiles } from "../../../../lib/data/read/glob.ts";
import { directoryWith, errorOf } from "../support.ts";

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
    symlinkSync(join(directory, "gone"), join(directory, "broken.txt"));
    symlinkSync("self", join(directory, "self"));
    const names = (pattern: string) =>
      findFiles(join(directory, pattern)).map((path) => relative(directory, path));
    expect(names("**/*.md")).toEqual(["link.md", "real/a.md"]);
    expect(names("real/*/real/*.md")).toEqual(["real/up/real/a.md"]);
    expect(names("*/*.md")).toEqual(["real/a.md"]);
  });

  it.each(["*.md", "link.md", "**/l?nk.md", "{link,a}.md", ""])(
    "names a link that matches %j and leads nowhere",
    async (pattern) => {
      const directory = directoryWith({ "a.md": "" });
      const link = join(directory, "link.md");
      symlinkSync(join(directory, "gone"), link);
      const error = await errorOf(() => findFiles(join(directory, pattern)));
      expect(error).toMatchObject({ code: "IO", hint: expect.stringContaining("path") });
      expect(error.message).toContain(`cannot inspect ${link}: ENOENT`);
    },
  );

  it("names a link that leads to itself", async () => {
    const directory = directoryWith();
    symlinkSync("self.md", join(directory, "self.md"));
    const error = await errorOf(() => findFiles(join(directory, "*.md")));
    expect(error.message).toContain(`cannot inspect ${directory}/self.md: ELOOP`);
  });
});

describe("names that are not UTF-8", () => {
  const latin1 = (directory: string, name: string) =>
    Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, "latin1")]);

  it.each([
    ["café.md", ["*.md", "**/*.md", ""]],
    ["é/", ["*/a.md", "**/a.md", ""]],
  ])("are told where a pattern matches them: %s", async (name, patterns) => {
    const directory = directoryWith();
    const path = latin1(directory, name);
    if (name.endsWith("/")) mkdirSync(path);
    else writeFileSync(path, "");
    for (const pattern of patterns) {
      const error = await errorOf(() => findFiles(join(directory, pattern)));
      expect(error).toMatchObject({
        code: "DATA_INVALID",
        hint: expect.stringContaining("rename it"),
      });
      expect(error.message).toContain(`${directory} holds a name that is not UTF-8: `);
    }
  });

  it("do not matter elsewhere, and U+FFFD is a character like others", () => {
    const directory = directoryWith({ "a.md": "", "\uFFFD.md": "" });
    writeFileSync(latin1(directory, "é.txt"), "");
    mkdirSync(latin1(directory, ".é"));
    expect(findFiles(join(directory, "*.md"))).toEqual([
      join(directory, "a.md"),
      join(directory, "\uFFFD.md"),
    ]);
    expect(findFiles(join(directory, "*/a.md"))).toEqual([]);
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
