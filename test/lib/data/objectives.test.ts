import { rmSync, truncateSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { UserConfig } from "../../../lib/config/index.ts";
import { readTokens } from "../../../lib/data/corpus/document-index.ts";
import { spansPath } from "../../../lib/data/corpus/supervised-spans.ts";
import { prepareData } from "../../../lib/data/prepare.ts";
import type { PreparedData } from "../../../lib/data/types.ts";
import { loadNative } from "../../../lib/native/load.ts";
import { configFor, directoryWith, errorOf, targetsOf } from "./support.ts";

const native = loadNative();
const jsonl = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join("\n");

function prepare(
  files: Record<string, string>,
  config: Partial<UserConfig>,
  directory = directoryWith(files),
): Promise<PreparedData> {
  const data = { cache_dir: "cache", validation: { fraction: 0 }, ...config.data! };
  return prepareData(configFor(directory, data, config.tokenizer, config.objective), { native });
}

/** The text of the targets of `rows` rows, each stretch by itself; the end of a document is a bar. */
function learned(data: PreparedData, rows: number, seq_length: number): string[] {
  const stretches: { file: number; tokens: number[] }[] = [];
  for (const { file, token } of targetsOf(data.stream().next(rows, seq_length))) {
    const last = stretches.at(-1);
    if (last?.file === file && last.tokens.at(-1) === token - 1) last.tokens.push(token);
    else stretches.push({ file, tokens: [token] });
  }
  return stretches.map(({ file, tokens }) => {
    const ids = readTokens(data.files[file]!, Infinity)!.slice(tokens[0], tokens.at(-1)! + 1);
    return [...ids]
      .map((id) => (id === data.tokenizer.eos_id ? "|" : data.tokenizer.decode([id])))
      .join("");
  });
}

describe("instruct", () => {
  const rows = Array.from({ length: 20 }, (_, i) => ({
    messages: [
      { role: "user", content: `What is ${i}?` },
      { role: "assistant", content: `It is ${i}.` },
      { role: "user", content: "Sure?" },
      { role: "assistant", content: `Yes, ${i}.` },
    ],
  }));
  const config = {
    data: { sources: [{ path: "a.jsonl", type: "conversation" as const }] },
    objective: { type: "instruct" as const },
  };
  const answers = rows.flatMap((_, i) => [`It is ${i}.|`, `Yes, ${i}.|`]);

  it("learns the answers and their ends, of every turn, and nothing else", async () => {
    const data = await prepare({ "a.jsonl": jsonl(rows) }, config);
    const texts = learned(data, 20, 128);
    expect(new Set(texts)).toEqual(new Set(answers));
    expect(data).toMatchObject({ bigram_loss: null, warnings: [] });
  });

  it("says how many samples no row holds, and keeps their answers", async () => {
    const data = await prepare(
      { "a.jsonl": jsonl([{ prompt: "x".repeat(3000), completion: "y" }]) },
      config,
    );
    expect(data.warnings).toEqual([
      expect.stringMatching(/^1 of the 1 samples of data\.sources\.0/),
    ]);
    expect(learned(data, 1, 64)).toEqual(["y|"]);
  });

  it("says so of each length of row once, with its stages", async () => {
    const samples = [100, 10].map((n) => ({ prompt: "x".repeat(n), completion: "y" }));
    const directory = directoryWith({ "a.jsonl": jsonl(samples) });
    const data = { cache_dir: "cache", validation: { fraction: 0 }, ...config.data };
    const resolved = configFor(directory, data, undefined, config.objective);
    const [only] = resolved.stages;
    resolved.stages = [32, 64, 256, 32].map((seq_length, i) => ({
      ...only!,
      name: `stage-${i}`,
      seq_length,
    }));
    const { warnings } = await prepareData(resolved, { native });
    expect(warnings).toEqual([
      expect.stringMatching(/^1 of the 2 .* longer than seq_length 32 of stages stage-0, stage-3:/),
      expect.stringMatching(/^1 of the 2 .* longer than seq_length 64 of stage stage-1:/),
    ]);
  });

  it("holds whole conversations out, and measures their answers", async () => {
    const held = { ...config, data: { ...config.data, validation: { fraction: 0.3 } } };
    const data = await prepare({ "a.jsonl": jsonl(rows) }, held);
    const targets = data.validationRows(128).flatMap((row) => targetsOf(row));
    expect(targets.length).toBeGreaterThan(10);
    // One of the targets of each answer stands for no text.
    expect(data.bytes_per_token).toBeGreaterThan(0.8);
    expect(data.bytes_per_token).toBeLessThan(1);
  });

  it("reads its cache again, unless what is supervised is damaged", async () => {
    const files = { "a.jsonl": jsonl(rows) };
    const directory = directoryWith(files);
    const first = await prepare(files, config, directory);
    for (const damage of [
      (path: string) => truncateSync(path, 40),
      (path: string) => rmSync(path),
    ]) {
      damage(spansPath(first.files[0]!));
      const again = await prepare(files, config, directory);
      expect(again.fingerprint).toBe(first.fingerprint);
      expect(again.stream().next(4, 64)).toEqual(first.stream().next(4, 64));
    }
  });
});

describe("freelm", () => {
  const teacher = Array.from({ length: 60 }, (_, i) => ({
    text: `The number is ${i}.`,
    proposition: "It is even.",
    label: i % 2 === 0,
  }));
  const text = { "text.txt": "Numbers come one after another. ".repeat(40) };
  const config = {
    data: {
      sources: [{ path: "text.txt" }, { path: "a.jsonl", type: "proposition" as const }],
    },
    objective: { type: "freelm" as const },
  };

  it("learns the labels alone beside the text, with two tokens of the vocabulary for them", async () => {
    const tokenizer = { type: "bpe" as const, vocab_size: 300 };
    const data = await prepare({ ...text, "a.jsonl": jsonl(teacher) }, { ...config, tokenizer });
    const tokens = readTokens(data.files[1]!, Infinity)!;
    const targets = targetsOf(data.stream().next(20, 64));
    const labels = targets.filter(({ file }) => file === 1).map(({ token }) => tokens[token]!);
    const { vocab_size } = data.tokenizer;
    expect(new Set(labels)).toEqual(new Set([vocab_size - 2, vocab_size - 1]));
    expect(vocab_size).toBeLessThanOrEqual(300);
    expect(data.tokenizer.toJson()).toContain("<|true|>");
    expect(targets.some(({ file }) => file === 0)).toBe(true);
  });

  it("takes texts as labels, and asks for them where there are no special tokens", async () => {
    const words = teacher.map((row) => ({ ...row, label: row.label ? "+" : "-" }));
    const data = await prepare({ ...text, "a.jsonl": jsonl(words) }, config);
    const short = learned(data, 20, 64).filter((stretch) => stretch.length === 1);
    expect(new Set(short)).toEqual(new Set(["+", "-"]));
    const error = await errorOf(() => prepare({ ...text, "a.jsonl": jsonl(teacher) }, config));
    expect(error).toMatchObject({ code: "DATA_INVALID" });
    expect(error.hint).toMatch(/label/);
  });

  it("keeps a proposition that is there with both labels", async () => {
    const rows = [true, false].map((label) => ({ proposition: "1 = 1", label }));
    const tokenizer = { type: "bpe" as const, vocab_size: 300 };
    const data = await prepare({ ...text, "a.jsonl": jsonl(rows) }, { ...config, tokenizer });
    expect(data).toMatchObject({ train_documents: 3, duplicate_documents: 0 });
  });
});

describe("dpo", () => {
  it("says what pairs lose that no row holds: prompts, and answers that are longer by themselves", async () => {
    const pairs = [
      { prompt: "short", chosen: "yes", rejected: "no" },
      { prompt: "x".repeat(100), chosen: "yes", rejected: "no" },
      // With the token that ends it, as long as a row.
      { prompt: "q", chosen: "y".repeat(63), rejected: "no" },
      { prompt: "q", chosen: "yes", rejected: "n".repeat(64) },
    ];
    const directory = directoryWith({ "a.jsonl": jsonl(pairs) });
    const sources = [{ path: "a.jsonl", type: "conversation" as const }];
    const data = { cache_dir: "cache", validation: { fraction: 0 }, sources };
    const resolved = configFor(directory, data, undefined, { type: "instruct" });
    resolved.objective.type = "dpo";
    resolved.stages[0]!.seq_length = 64;
    const { warnings } = await prepareData(resolved, { native });
    expect(warnings).toEqual([
      "3 of the 4 pairs of data.sources.0 are longer than seq_length 64 of stage only: the beginnings of their prompts " +
        "are left out, and in 1 of them that of an answer too",
    ]);
  });
});
