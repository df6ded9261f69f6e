import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { UserConfig } from "../../../lib/config/index.ts";
import { readTokens } from "../../../lib/data/corpus/document-index.ts";
import { prepareData } from "../../../lib/data/prepare.ts";
import type { PreparedData, PrepareProgress } from "../../../lib/data/types.ts";
import { loadNative } from "../../../lib/native/load.ts";
import { configFor, directoryWith, errorOf } from "./support.ts";

const native = loadNative();

const jsonl = (texts: readonly string[]) =>
  texts.map((text) => JSON.stringify({ text })).join("\n");
const STORIES = Array.from(
  { length: 200 },
  (_, i) => `The ${i}th story is about the number ${i * 7919} and the number ${i}.`,
);

function prepare(
  directory: string,
  data: Partial<UserConfig["data"]> = {},
  tokenizer: UserConfig["tokenizer"] = { type: "bytes" },
  more: { signal?: AbortSignal; onProgress?: (progress: PrepareProgress) => void } = {},
): Promise<PreparedData> {
  const sources = [{ path: join(directory, "text") }];
  const cache_dir = join(directory, "cache");
  const config = configFor(directory, { sources, cache_dir, ...data }, tokenizer);
  return prepareData(config, { native, ...more });
}

const directoryOf = (texts: readonly string[]) => directoryWith({ "text/a.jsonl": jsonl(texts) });

/** All documents of one token file, decoded. */
function documentsOf(data: PreparedData, file: number): string[] {
  const tokens = [...readTokens(data.files[file]!, Infinity)!];
  const documents: string[] = [];
  for (let begin = 0; begin < tokens.length;) {
    const end = tokens.indexOf(data.tokenizer.eos_id, begin);
    documents.push(data.tokenizer.decode(tokens.slice(begin, end)));
    begin = end + 1;
  }
  return documents;
}

const TOKENIZERS: [string, UserConfig["tokenizer"]][] = [
  ["bytes", { type: "bytes" }],
  ["bpe", { type: "bpe", vocab_size: 300 }],
];

describe.each(TOKENIZERS)("prepareData with the tokenizer %s", (_, tokenizer) => {
  it("keeps every distinct document once, in order, in one of the two files", async () => {
    const directory = directoryOf([...STORIES, ...STORIES.slice(50, 60), ""]);
    const data = await prepare(directory, { validation: { fraction: 0.1 } }, tokenizer);
    const [training, validation] = [documentsOf(data, 0), documentsOf(data, 1)];
    expect(training.length + validation.length).toBe(200);
    expect(validation.length).toBeGreaterThan(5);
    const expected = new Set(validation);
    expect(validation).toEqual(STORIES.filter((text) => expected.has(text)));
    expect(training).toEqual(STORIES.filter((text) => !expected.has(text)));
    expect(data).toMatchObject({
      train_documents: training.length,
      duplicate_documents: 10,
      train_tokens: readTokens(data.files[0]!, Infinity)!.length,
      validation_tokens: readTokens(data.files[1]!, Infinity)!.length,
      warnings: [],
    });
    const targets = data.validation_tokens - validation.length;
    const firstBytes = tokenizer?.type === "bytes" ? validation.length : null;
    const bytes = validation.join("").length;
    if (firstBytes !== null)
      expect(data.bytes_per_token).toBeCloseTo((bytes - firstBytes) / targets);
    else expect(data.bytes_per_token).toBeGreaterThan(1.2);
    expect(data.bigram_loss).toBeGreaterThan(0.3);
    expect(data.bigram_loss).toBeLessThan(3);
  });

  it("gives the same when it is asked again, without reading or writing", async () => {
    const directory = directoryOf(STORIES);
    const first = await prepare(directory, {}, tokenizer);
    const phases: string[] = [];
    const second = await prepare(directory, {}, tokenizer, {
      onProgress: ({ phase }) => phases.push(phase),
    });
    expect(phases).toEqual([]);
    for (const key of ["files", "fingerprint", "bigram_loss", "train_tokens"] as const)
      expect(second[key]).toEqual(first[key]);
    expect(second.tokenizer.fingerprint).toBe(first.tokenizer.fingerprint);
    expect(second.stream().next(4, 64)).toEqual(first.stream().next(4, 64));
    expect(second.validationRows(64)).toEqual(first.validationRows(64));
    expect(readdirSync(join(directory, "cache"))).toHaveLength(1);
  });

  it("may run several times at once", async () => {
    const directory = directoryOf(STORIES);
    const all = await Promise.all([1, 2, 3].map(() => prepare(directory, {}, tokenizer)));
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(1);
    expect(readdirSync(join(directory, "cache"))).toHaveLength(1);
  });
});

describe("the fingerprint", () => {
  it("follows the tokens, not where they come from", async () => {
    const plain = await prepare(directoryOf(STORIES));
    const packed = await prepare(directoryWith({ "text/b.jsonl.gz": gzipSync(jsonl(STORIES)) }));
    const other = await prepare(directoryOf(STORIES.toReversed()));
    expect(packed.fingerprint).toBe(plain.fingerprint);
    expect(other.fingerprint).not.toBe(plain.fingerprint);
  });
});

describe("the cache", () => {
  it("is left alone when a file has changed", async () => {
    const directory = directoryOf(STORIES);
    const before = await prepare(directory);
    appendFileSync(join(directory, "text/a.jsonl"), `\n${jsonl(["one more"])}`);
    const after = await prepare(directory);
    expect(after.fingerprint).not.toBe(before.fingerprint);
    expect(existsSync(before.files[0]!)).toBe(true);
  });

  it("is made again when it is damaged", async () => {
    const directory = directoryOf(STORIES);
    const before = await prepare(directory);
    truncateSync(before.files[0]!, 100);
    const after = await prepare(directory);
    expect(after.files).toEqual(before.files);
    expect(after.fingerprint).toBe(before.fingerprint);
    expect(readdirSync(join(directory, "cache"))).toHaveLength(1);
  });

  it("loses what a killed process left there long ago", async () => {
    const directory = directoryOf(STORIES);
    for (const name of ["tmp-old", "tmp-new"])
      mkdirSync(join(directory, "cache", name), { recursive: true });
    utimesSync(join(directory, "cache/tmp-old"), 1e9, 1e9);
    await prepare(directory);
    const left = readdirSync(join(directory, "cache"));
    expect(left.filter((name) => name.startsWith("tmp-"))).toEqual(["tmp-new"]);
  });

  it("says so when it cannot be written", async () => {
    const directory = directoryOf(STORIES);
    writeFileSync(join(directory, "cache"), "");
    expect(await errorOf(() => prepare(directory))).toMatchObject({ code: "IO" });
  });
});

describe("validation", () => {
  it("is none with fraction 0", async () => {
    const data = await prepare(directoryOf(STORIES), { validation: { fraction: 0 } });
    expect(data).toMatchObject({ validation_tokens: 0, bigram_loss: null, train_documents: 200 });
    expect(data.validationRows(16)).toEqual([]);
  });

  it("gets a document where chance gives none, but never the only one", async () => {
    const few = { validation: { fraction: 1e-6 } };
    const two = await prepare(directoryOf(STORIES.slice(0, 2)), few);
    expect(two).toMatchObject({ train_documents: 1 });
    expect(two.validation_tokens).toBeGreaterThan(0);
    const one = await prepare(directoryOf(STORIES.slice(0, 1)), { validation: { fraction: 0.5 } });
    expect(one).toMatchObject({ train_documents: 1, validation_tokens: 0 });
  });

  it("is missed, with the remedy, where a corpus is one document", async () => {
    const text = STORIES.join("\n");
    const directory = directoryWith({ "text/a.txt": text, "text/again.txt": text });
    const { warnings } = await prepare(directory);
    expect(warnings).toEqual([
      expect.stringMatching(/^nothing is held out .* 1 document.*\.jsonl/),
    ]);
    // It is read from the cache, too.
    expect((await prepare(directory)).warnings).toEqual(warnings);
    expect((await prepare(directory, { validation: { fraction: 0 } })).warnings).toEqual([]);
  });
});

describe("several sources", () => {
  it("have files of their own and share the stream by weight", async () => {
    const directory = directoryWith({
      "a.jsonl": jsonl(STORIES),
      "b.jsonl": jsonl(STORIES.map((text) => `${text} Again!`)),
    });
    const sources = [
      { path: "a.jsonl", weight: 3 },
      { path: "b.jsonl", weight: 1 },
    ];
    const data = await prepare(directory, { sources });
    expect(data.files.map((file) => file.split("/").at(-1))).toEqual([
      "training-0.tok",
      "training-1.tok",
      "validation-0.tok",
      "validation-1.tok",
    ]);
    const state = data.stream();
    state.next(100, 128);
    const { taken } = (state.state() as { mixture: { taken: number[] } }).mixture;
    expect(taken[0]! / (100 * 128)).toBeCloseTo(0.75, 1);
    expect(data.validationRows(32).some((row) => row[1] === 3)).toBe(true);
    const own = data.validationRows(32, 1);
    expect(own.length).toBeGreaterThan(0);
    expect(own.every((row) => row[1] === 3)).toBe(true);
    expect(data.source_bytes_per_token).toHaveLength(2);
  });

  it("warn about one that has nothing of its own", async () => {
    const directory = directoryWith({ "a.jsonl": jsonl(STORIES), "b.jsonl": jsonl(STORIES) });
    const data = await prepare(directory, { sources: [{ path: "a.jsonl" }, { path: "b.jsonl" }] });
    expect(data.warnings).toEqual([expect.stringMatching(/data\.sources\.1 has no training doc/)]);
    expect(data.stream().next(1, 64)[1]).toBe(0);
  });
});

describe("tokenizers", () => {
  it("warn when training ends early, and are kept with the corpus", async () => {
    const directory = directoryOf(STORIES);
    const data = await prepare(directory, {}, { type: "bpe", vocab_size: 30_000 });
    expect(data.tokenizer.vocab_size).toBeLessThan(3000);
    expect(data.warnings).toEqual([
      expect.stringMatching(/vocab_size 30000 was not reached.*ended with \d+ tokens/),
    ]);
    const path = join(data.files[0]!, "../tokenizer.json");
    expect(readFileSync(path, "utf8")).toBe(data.tokenizer.toJson());
    writeFileSync(join(directory, "mine.json"), data.tokenizer.toJson()!);
    const reused = await prepare(directory, {}, { type: "file", path: "mine.json" });
    expect(reused.fingerprint).toBe(data.fingerprint);
  });

  it("are named when their file is bad or missing", async () => {
    const directory = directoryWith({ "text/a.txt": "text", "bad.json": "{}" });
    const bad = await errorOf(() => prepare(directory, {}, { type: "file", path: "bad.json" }));
    expect(bad.code).toBe("TOKENIZER_INVALID");
    expect(bad.message).toContain(join(directory, "bad.json"));
    const absent = await errorOf(() => prepare(directory, {}, { type: "file", path: "no.json" }));
    expect(absent).toMatchObject({ code: "TOKENIZER_INVALID" });
  });
});

describe("on the way", () => {
  it("progress goes up to the text's bytes in every phase", async () => {
    const seen: PrepareProgress[] = [];
    await prepare(
      directoryOf(STORIES),
      { validation: { fraction: 0 } },
      { type: "bpe", vocab_size: 300 },
      { onProgress: (progress) => seen.push(progress) },
    );
    const total = STORIES.join("").length;
    const phases = [...new Set(seen.map(({ phase }) => phase))];
    expect(phases).toEqual(["reading", "training tokenizer", "tokenizing"]);
    for (const phase of phases.slice(1))
      expect(seen.findLast((progress) => progress.phase === phase)).toEqual({
        phase,
        done: total,
        total,
      });
  });

  it("a cancel leaves what the next call goes on with", async () => {
    const directory = directoryOf(STORIES);
    const controller = new AbortController();
    const onProgress = ({ phase }: PrepareProgress) => {
      if (phase === "tokenizing") controller.abort();
    };
    const error = await errorOf(() =>
      prepare(directory, {}, undefined, { signal: controller.signal, onProgress }),
    );
    expect(error.code).toBe("CANCELLED");
    expect(readdirSync(join(directory, "cache"))).toEqual([expect.stringMatching(/^tmp-/)]);
    const data = await prepare(directory);
    expect(readdirSync(join(directory, "cache"))).toEqual([basename(dirname(data.files[0]!))]);
  });

  it("bad data leaves nothing behind", async () => {
    const directory = directoryWith({ "text/a.jsonl": "{}" });
    expect(await errorOf(() => prepare(directory))).toMatchObject({ code: "DATA_INVALID" });
    expect(readdirSync(join(directory, "cache"))).toEqual([]);
  });

  it("a file that changes is noticed", async () => {
    const directory = directoryOf(STORIES);
    const onProgress = ({ phase }: PrepareProgress) => {
      if (phase === "tokenizing") utimesSync(join(directory, "text/a.jsonl"), 1, 1);
    };
    const error = await errorOf(() => prepare(directory, {}, undefined, { onProgress }));
    expect(error.message).toMatch(/a\.jsonl changed while being read/);
  });

  it("documents that needed repair are counted", async () => {
    const bad = Buffer.concat([
      Buffer.from("good enough text with one bad byte "),
      Buffer.from([0xff]),
    ]);
    const data = await prepare(directoryWith({ "text/a.txt": bad, "text/b.txt": "fine" }));
    expect(data.warnings).toEqual([
      expect.stringMatching(/^1 document is not valid UTF-8.*a\.txt$/),
    ]);
  });
});

describe("corpora that cannot be used", () => {
  it("are named when there is no text", async () => {
    const directory = directoryWith({ "text/a.txt": "", "text/b.jsonl": "\n\n" });
    const error = await errorOf(() => prepare(directory));
    expect(error).toMatchObject({ code: "DATA_EMPTY" });
    expect(error.hint).toBeTruthy();
  });

  it("are named when there is no file", async () => {
    expect(await errorOf(() => prepare(directoryWith()))).toMatchObject({ code: "DATA_NOT_FOUND" });
  });
});
