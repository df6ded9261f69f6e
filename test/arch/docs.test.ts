import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ERROR_CODES, FlmError } from "../../lib/errors.ts";
import { walk } from "../../scripts/support/files.mjs";

const ROOT = join(import.meta.dirname, "../..");
const PAGES = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

describe("docs/errors.md", () => {
  const rows = [...read("docs/errors.md").matchAll(/^\| `([A-Z_]+)` +\| +(\d+) \|/gm)].map(
    ([, code, exit]) => [code!, Number(exit)] as const,
  );

  it("has every code of lib/errors.ts, and no other, with the exit code it has", () => {
    const wanted = ERROR_CODES.map((code) => [code, new FlmError(code, "").exitCode] as const);
    expect(new Map(rows)).toEqual(new Map(wanted));
    expect(rows).toHaveLength(wanted.length);
  });

  it("explains every exit code", () => {
    const explained = [...read("docs/errors.md").matchAll(/^\| +(\d+) \| \w/gm)].map(([, exit]) =>
      Number(exit),
    );
    expect(explained).toEqual(expect.arrayContaining(rows.map(([, exit]) => exit)));
  });
});

describe("docs/config.md", () => {
  it("has every environment variable of ours but those that ranks give each other", () => {
    const own = ["FLM_LIFELINE_FD", "FLM_ONE_OUTPUT", "FLM_STORE_FD"];
    const sources = ["lib", "native"]
      .flatMap((folder) => walk(ROOT, folder))
      .filter((path) => /\.(ts|cpp|h)$/.test(path));
    const named = sources.flatMap((path) =>
      [...read(path).matchAll(/(?:\benv\.|")(FLM_[A-Z_]+)\b/g)].map(([, name]) => name!),
    );
    const names = [...new Set(named)].filter((name) => !own.includes(name)).toSorted();
    const text = read("docs/config.md");
    const section = text.slice(text.indexOf("## Environment variables"));
    const told = [...section.matchAll(/`(FLM_[A-Z_]+)`/g)].map(([, name]) => name!);
    expect(told.toSorted()).toEqual(names);
  });
});

describe("docs/api.md", () => {
  it("imports every export of lib/index.ts in a snippet", () => {
    const imported = new Set(
      namesIn(read("docs/api.md"), /^import (?:type )?\{([^}]*)\} from "flm-train";/gm),
    );
    const index = read("lib/index.ts");
    const exported = [
      ...namesIn(index, /^export (?:type )?\{([^}]*)\}/gm),
      ...[...index.matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name]) => name!),
    ];
    expect(exported.length).toBeGreaterThan(20);
    expect(imported).toEqual(new Set(exported));
  });
});

describe("links between pages", () => {
  it.each(PAGES)("%s leads to files that are there", (page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(
      ([, to]) => to!,
    );
    const missing = targets.filter((to) => !existsSync(join(ROOT, dirname(page), to)));
    expect(missing).toEqual([]);
  });
});

/** `a`, `b` and `c` of "{ a, type b, x as c }". */
function namesIn(text: string, lists: RegExp): string[] {
  return [...text.matchAll(lists)].flatMap(([, list]) =>
    list!
      .split(",")
      .map((item) =>
        item
          .trim()
          .replace(/^type /, "")
          .replace(/^\w+ as /, ""),
      )
      .filter((name) => name !== ""),
  );
}
