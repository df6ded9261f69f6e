import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { corpusCommand } from "../../../../lib/cli/commands/corpus.ts";
import { printed } from "./printed.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

function texts(): string {
  const directory = join(temporaryDirectory(), "texts");
  mkdirSync(directory);
  writeFileSync(join(directory, "a.txt"), "the cat sat on the mat. the cat sat.");
  writeFileSync(join(directory, "b.jsonl"), '{"body":"one two three"}\n{"body":"one two three"}\n');
  return directory;
}

describe("flm-train corpus", () => {
  test("counts text and JSONL, and refuses a verdict on so little", async () => {
    const text = await printed(corpusCommand(), texts(), "--field", "body", "--parameters", "1e6");
    expect(text).toMatch(/^3 documents, /);
    expect(text).toContain("exact copies of others: 1");
    expect(text).toContain("Without exact copies");
    expect(text).toContain("no verdict");
    expect(text).toContain("v1 (2024-02-22): exponent 0.58");
  });

  test("--json has counts, theory, versions and caveats", async () => {
    const result = JSON.parse(
      await printed(corpusCommand(), texts(), "--field", "body", "--unit", "bytes", "--json"),
    );
    expect(result).toMatchObject({
      status: "done",
      unit: "bytes",
      documents: 3,
      duplicate_documents: 1,
      theory: { tokens: 62, parameters: null, laws: [{ beta: 0.3658 }, { beta: 0.28 }] },
    });
    expect(result.theory.versions).toHaveLength(4);
    expect(result.theory.caveats.length).toBeGreaterThan(3);
    expect(result.theory.laws[0].bounds.status).toBe("refused");
  });

  test("takes a law of one's own", async () => {
    const args = ["--beta", "0.3", "--coefficient", "1.5", "--parameters", "10"];
    const text = await printed(corpusCommand(), texts(), "--field", "body", ...args);
    expect(text).toMatch(/^yours: N = 10 is (under|inside|over) /m);
    await expect(printed(corpusCommand(), texts(), "--coefficient", "2")).rejects.toMatchObject({
      code: "USAGE",
    });
  });

  test("names a path without files", async () => {
    await expect(printed(corpusCommand(), "no/where")).rejects.toMatchObject({
      code: "DATA_NOT_FOUND",
      message: expect.stringContaining("no/where"),
    });
  });
});
