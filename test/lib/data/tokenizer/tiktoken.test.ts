import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokenizerFileJson } from "../../../../lib/data/tokenizer/file-json.ts";
import { loadTokenizer } from "../../../../lib/data/tokenizer/load.ts";
import { readTokenizerJson } from "../../../../lib/data/tokenizer/read-json.ts";
import { trainTokenizer } from "../../../../lib/data/tokenizer/train.ts";
import { vocabularySize } from "../../../../lib/plan/vocabulary.ts";
import { prepareData } from "../../../../lib/data/prepare.ts";
import { loadNative } from "../../../../lib/native/load.ts";
import { configFor, directoryWith, errorOf } from "../support.ts";

const native = loadNative();
const BYTES = Array.from({ length: 256 }, (_, i) => Buffer.of(255 - i));

/** One line for each piece, in the order of their ranks. */
function ranksFile(pieces: readonly (Uint8Array | string)[]): string {
  return pieces.map((p, rank) => `${Buffer.from(p).toString("base64")} ${rank}\n`).join("");
}

const load = (text: string, split: "gpt2" | "gpt4" = "gpt4") =>
  loadTokenizer(native, tokenizerFileJson(text, "x.tiktoken", split));

/** tiktoken's own rule: join the leftmost neighbours whose bytes have the lowest rank. */
function encodeByRanks(pieces: readonly (Uint8Array | string)[], word: string): number[] {
  const ranks = new Map(pieces.map((p, rank) => [Buffer.from(p).toString("latin1"), rank]));
  const parts = [...Buffer.from(word).toString("latin1")];
  for (;;) {
    const joined = parts.slice(1).map((part, i) => ranks.get(parts[i]! + part) ?? Infinity);
    const best = Math.min(...joined);
    if (best === Infinity) return parts.map((part) => ranks.get(part)!);
    parts.splice(
      joined.indexOf(best),
      2,
      parts[joined.indexOf(best)]! + parts[joined.indexOf(best) + 1]!,
    );
  }
}

describe("a tiktoken file", () => {
  const pieces = [...BYTES, "he", "ll", "hell", "12", "34", "1234"];

  it("has its ranks as ids, and the end of a document behind the last", async () => {
    const tokenizer = load(ranksFile(pieces));
    expect(tokenizer).toMatchObject({ vocab_size: 263, eos_id: 262 });
    expect(await tokenizer.encode("hello")).toEqual(Int32Array.of(258, 255 - 111));
    expect(tokenizer.decode([258, 262, 255 - 111])).toBe("hello");
    expect([...(await tokenizer.encode("<|endoftext|>"))]).not.toContain(262);
  });

  it("is cut into words as tokenizer.split says", async () => {
    expect(await load(ranksFile(pieces), "gpt2").encode("1234")).toEqual(Int32Array.of(261));
    expect(await load(ranksFile(pieces), "gpt4").encode("1234")).toHaveLength(3);
  });

  it("may have its lines in any order, empty ones and carriage returns", async () => {
    const lines = ranksFile(pieces).trimEnd().split("\n");
    const shuffled = `\r\n${lines.reverse().join("\r\n")}\r\n\r\n`;
    expect(load(shuffled).fingerprint).toBe(load(ranksFile(pieces)).fingerprint);
  });

  it("joins the lowest rank first, the leftmost of equals, whatever made a piece", async () => {
    const letters = ["ab", "bc", "abc", "aa", "aaa", "bcaa", "aab", "cc", "ccc", "bcabc"];
    const all = [...BYTES, ...letters];
    const tokenizer = load(ranksFile(all));
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom("a", "b", "c") }), async (word) => {
        expect([...(await tokenizer.encode(word))]).toEqual(encodeByRanks(all, word));
      }),
      { numRuns: 500 },
    );
  });

  it("has the merges that its vocabulary was trained with", async () => {
    async function* documents() {
      yield Buffer.from("the cat and the hat, that is the hat, naïve 中文中文 12345 123".repeat(3));
    }
    const { json } = await trainTokenizer(native, documents(), "gpt2", 320);
    const trained = readTokenizerJson(json);
    const { bytes, ends, merges } = trained.vocabulary;
    const ranked = Array.from(ends, (end, id) => bytes.subarray(id && ends[id - 1], end));
    const again = readTokenizerJson(
      tokenizerFileJson(ranksFile(ranked.slice(0, trained.eos_id)), "x.tiktoken", "gpt2"),
    );
    expect(again.vocabulary.merges).toEqual(merges);
    expect(again.json).toBe(json);
  });

  it("is read by type file and kept as a tokenizer.json", async () => {
    const directory = directoryWith({ "x.tiktoken": ranksFile(pieces), "a.txt": "hello hell" });
    const tokenizer = { type: "file", path: "x.tiktoken", split: "gpt2" } as const;
    const config = configFor(
      directory,
      { sources: [{ path: "a.txt" }], cache_dir: "cache", validation: { fraction: 0 } },
      tokenizer,
    );
    const data = await prepareData(config, { native });
    expect(data.tokenizer.vocab_size).toBe(263);
    expect(loadTokenizer(native, data.tokenizer.toJson()!).fingerprint).toBe(
      data.tokenizer.fingerprint,
    );
    expect(vocabularySize(config)).toBe(263);
  });

  const base = ranksFile(pieces);
  const line = (bytes: Uint8Array | string, rank: number | string) =>
    `${Buffer.from(bytes).toString("base64")} ${rank}\n`;
  it.each([
    ["no base64", `${base}he%o 262\n`, /line 263: the piece "he%o" is not base64/],
    ["base64 without its end", `${base}aGVs= 262\n`, /line 263: .*"aGVs=" is not base64/],
    ["no rank", `${base}aGVs\n`, /line 263: "aGVs" is not a piece in base64 and its rank/],
    ["a third field", `${base}aGVs 262 1\n`, /line 263: "aGVs 262 1"/],
    ["a fraction as rank", base + line("hel", "2.5"), /line 263: the rank "2.5" is not a whole/],
    ["a huge rank", base + line("hel", 2 ** 24), /line 263: the rank "16777216".* below 16777216/],
    ["a rank twice", base + line("lo", 7), /line 263: rank 7 is that of line 8 already/],
    ["a piece twice", base + line("hell", 262), /line 263: the piece aGVsbA== is on line 259/],
    ["a hole", base + line("lo", 264), /line 263: the rank is 264, but no line has rank 262/],
    ["a byte too few", ranksFile(BYTES.slice(1)), /no line has the byte 255, in base64 \/w==/],
    ["nothing", "", /no line has the byte 0/],
    [
      "two merges",
      base + line("lo!", 262),
      /line 263: no single merge .*"lo!" of rank 262.* 3 parts of it, "l" "o" "!"/,
    ],
    ["a rank too low", ranksFile([...BYTES, "abc", "ab"]), /line 257: no single merge .*"abc"/],
    ["our special token", base + line("<|endoftext|>", 262), /line 263: <\|endoftext\|> ends/],
    ["a book", base + line("a".repeat(1025), 262), /line 263: the piece has 1025 bytes/],
  ])("is refused with %s", async (_, text, message) => {
    const error = await errorOf(() => load(text));
    expect(error.code).toBe("TOKENIZER_INVALID");
    expect(error.message).toMatch(/^x\.tiktoken: /);
    expect(error.message).toMatch(message);
  });
});
