import { existsSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { UserConfig } from "../../lib/config/types.ts";
import { json, succeed } from "./support/cli.ts";
import { corpus } from "./support/corpus.ts";
import { type Expected, expectFailure } from "./support/failures.ts";
import { project, tinyConfig, yaml } from "./support/project.ts";

interface Case extends Partial<Expected> {
  what: string;
  /** The file that is read: its name, and its content unless it is absent. */
  file: string;
  content?: string | Buffer;
  tokenizer?: boolean;
}

const CASES: Case[] = [
  {
    what: "a file that is not there",
    file: "absent.jsonl",
    code: "DATA_NOT_FOUND",
    says: ["data.sources.0.path", "absent.jsonl"],
    remedy: "check the path",
  },
  {
    what: "a corpus without text",
    file: "empty.txt",
    content: "",
    code: "DATA_EMPTY",
    says: ["data.sources", "no text"],
    remedy: "not empty",
  },
  {
    what: "a line that is not JSON",
    file: "broken.jsonl",
    content: `${corpus(3)}{"text": oops\n`,
    says: ["broken.jsonl:4", "not JSON"],
    remedy: "one JSON object",
  },
  {
    what: "a line that is cut off",
    file: "cut.jsonl",
    content: corpus(3).slice(0, -20),
    says: ["cut.jsonl:3", "not JSON"],
    remedy: "one JSON object",
  },
  {
    what: "a line without the field",
    file: "other.jsonl",
    content: `${corpus(2)}{"title": "a", "body": "b"}\n`,
    says: ["other.jsonl:3", '"text" is missing'],
    remedy: "this row has: title, body",
  },
  {
    what: "a file that is not text",
    file: "image.txt",
    content: Buffer.from(Array.from({ length: 4000 }, (_, i) => 128 + ((i * 37) % 128))),
    says: ["image.txt", "not UTF-8"],
    remedy: "convert it",
  },
  {
    what: "an archive that is cut off",
    file: "cut.jsonl.gz",
    content: gzipSync(corpus()).subarray(0, -30),
    says: ["cut.jsonl.gz", "gzip", "ends in the middle"],
    remedy: "fetch the file again",
  },
  {
    what: "a tokenizer that is not there",
    file: "tokenizer.json",
    tokenizer: true,
    code: "TOKENIZER_INVALID",
    says: ["tokenizer.path", "tokenizer.json"],
    remedy: "check the path",
  },
  {
    what: "a tokenizer of garbage",
    file: "tokenizer.json",
    content: '{"model": {"type": "BPE", "vocab": 5}',
    tokenizer: true,
    code: "TOKENIZER_INVALID",
    says: ["tokenizer.json", "not JSON"],
    remedy: "name a tokenizer.json",
  },
  {
    what: "a tokenizer of another kind",
    file: "tokenizer.json",
    content: '{"model": {"type": "WordPiece", "vocab": {"a": 0}}}',
    tokenizer: true,
    code: "TOKENIZER_INVALID",
    says: ["tokenizer.json", "WordPiece"],
    remedy: "byte-level BPE",
  },
];

describe("data that cannot be read", () => {
  it.each(CASES)("$what", async ({ file, content, tokenizer, ...expected }) => {
    const { directory, run, path, write } = project();
    if (content !== undefined) writeFileSync(path(file), content);
    const changes: Partial<UserConfig> = tokenizer
      ? { tokenizer: { type: "file", path: file } }
      : { data: { sources: [{ path: file }] } };
    write("config.yaml", yaml(tinyConfig(changes)));
    await expectFailure(
      ["config.yaml"],
      { cwd: directory },
      { exit: 65, code: "DATA_INVALID", says: [], remedy: "", ...expected },
    );
    expect(existsSync(run)).toBe(false);
  });
});

describe("data that is scarce", () => {
  it("one short document is trained on again and again, without validation", async () => {
    const { directory, write } = project();
    write("corpus.jsonl", '{"text": "hi"}\n');
    const outcome = await succeed(["config.yaml", "--json"], { cwd: directory });
    expect(json(outcome)).toMatchObject({
      status: "done",
      loss: expect.any(Number),
      validation_loss: null,
      bigram_loss: null,
    });
  });
});
