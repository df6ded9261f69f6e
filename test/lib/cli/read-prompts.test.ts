import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readPrompts } from "../../../lib/cli/read-prompts.ts";

const folder = mkdtempSync(join(tmpdir(), "flm-prompts-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("a file of prompts", () => {
  it("has one a line", () => {
    expect(readPrompts(file("a.txt", "one\r\n\n  two \n"))).toEqual([
      { prompt: "one" },
      { prompt: "  two " },
    ]);
  });

  it("may be JSONL with seeds", () => {
    const path = file("a.jsonl", '{"prompt":"a\\nb","seed":3}\n{"prompt":"c"}\n');
    expect(readPrompts(path)).toEqual([{ prompt: "a\nb", seed: 3 }, { prompt: "c" }]);
  });

  it("may begin with a byte order mark, which is no part of the first prompt", () => {
    expect(readPrompts(file("m.txt", "\ufeffone\r\n\ufefftwo\r\n"))).toEqual([
      { prompt: "one" },
      { prompt: "\ufefftwo" },
    ]);
    expect(readPrompts(file("m.jsonl", '\ufeff{"prompt":"a"}\n'))).toEqual([{ prompt: "a" }]);
  });

  it.each([
    ["text", "b.jsonl:2 is not JSON", '{"prompt":"a"}\nhello\n'],
    ["another field", "b.jsonl:1 is not a prompt", '{"prompt":"a","sed":1}\n'],
    ["a seed below 0", "b.jsonl:1 is not a prompt", '{"prompt":"a","seed":-1}\n'],
    ["nothing", "b.jsonl has no prompt", "\n"],
  ])("is refused with %s", (_, message, text) => {
    expect(() => readPrompts(file("b.jsonl", text))).toThrow(message);
  });

  it("that is missing is named", () => {
    expect(() => readPrompts(join(folder, "none"))).toThrow("none");
  });
});
