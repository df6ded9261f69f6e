import { describe, expect, it } from "vitest";
import type { Tokenizer } from "../../../lib/data/types.ts";
import { TextStream } from "../../../lib/eval/text-stream.ts";

/** A token is a byte. */
const bytes = {
  vocab_size: 256,
  decode: (ids: Iterable<number>) => new TextDecoder().decode(Uint8Array.from(ids)),
} as unknown as Tokenizer;

/** Feeds a text token by token; returns the pieces that came. */
function pieces(text: string, stop: readonly string[]): { pieces: string[]; text: string } {
  const tokens = [...new TextEncoder().encode(text)];
  const stream = new TextStream(bytes, stop);
  const all: string[] = [];
  for (let length = 1; length <= tokens.length; length++) {
    const finish = length === tokens.length ? "length" : null;
    const read = stream.read({ tokens: tokens.slice(0, length), finish });
    all.push(read.piece);
    if (read.over) break;
  }
  return { pieces: all, text: stream.text };
}

describe("a text stream", () => {
  it("hands out every piece as it comes", () => {
    expect(pieces("abc", [])).toEqual({ pieces: ["a", "b", "c"], text: "abc" });
  });

  it("waits for whole characters", () => {
    expect(pieces("aé!", [])).toEqual({ pieces: ["a", "", "é", "!"], text: "aé!" });
  });

  it("ends in front of the first stop string, of which nothing has been handed out", () => {
    expect(pieces("one\n\ntwo", ["\n\n"])).toEqual({
      pieces: ["o", "n", "e", "", ""],
      text: "one",
    });
    expect(pieces("abcde", ["de", "bc"])).toEqual({ pieces: ["a", "", ""], text: "a" });
  });

  it("hands out what looked like a stop string and was none", () => {
    expect(pieces("a\nb", ["\n\n"])).toEqual({ pieces: ["a", "", "\nb"], text: "a\nb" });
    expect(pieces("end<", ["<stop>"])).toEqual({ pieces: ["e", "n", "d", "<"], text: "end<" });
  });
});
