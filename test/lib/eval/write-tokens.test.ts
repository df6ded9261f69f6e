import { describe, expect, it } from "vitest";
import { type Finish, GREEDY, writeTokens } from "../../../lib/eval/write-tokens.ts";
import type { GenerateInput, NativeEngine } from "../../../lib/native/types.ts";

/** Writes 1, 2, 3 … behind a prompt and ends the text behind as many tokens as the prompt's one token says. */
function counting(): { engine: NativeEngine; calls: GenerateInput[] } {
  const calls: GenerateInput[] = [];
  const lanes = new Map<number, { length: number; written: number }>();
  const generate = async (input: GenerateInput) => {
    calls.push(input);
    return input.rows.map(({ lane, prompt }) => {
      if (prompt.length > 0) lanes.set(lane, { length: prompt[0]!, written: 0 });
      const state = lanes.get(lane)!;
      const count = Math.min(input.max_tokens, state.length - state.written);
      const tokens = Int32Array.from({ length: count }, () => ++state.written);
      return { tokens, stopped: count < input.max_tokens, full: false };
    });
  };
  return { engine: { generate } as unknown as NativeEngine, calls };
}

const request = (length: number, max_tokens = 100) => ({
  prompt: Int32Array.of(length),
  max_tokens,
  seed: length,
});

async function write(
  requests: ReturnType<typeof request>[],
  options: Partial<Parameters<typeof writeTokens>[2]> = {},
) {
  const { engine, calls } = counting();
  const texts: number[][] = [];
  const ended: number[] = [];
  const all = { sampling: GREEDY, tokenizer: { eos_id: 0, vocab_size: 100 }, ...options };
  const finishes: (Finish | null)[] = [];
  for await (const { index, tokens, finish } of writeTokens(engine, requests, all)) {
    texts[index] = [...tokens];
    finishes[index] = finish;
    if (finish !== null) ended.push(index);
  }
  return { texts, ended, finishes, calls };
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe("writing tokens", () => {
  it("gives a lane that has ended to the next request", async () => {
    const { texts, ended, calls } = await write(
      [20, 3, 5, 2].map((n) => request(n)),
      { lanes: 2 },
    );
    expect(texts).toEqual([20, 3, 5, 2].map(upTo));
    expect(ended).toEqual([1, 2, 0, 3]);
    expect(calls.map(({ rows }) => rows.map(({ lane, seed }) => [lane, seed]))).toEqual([
      [
        [0, 20],
        [1, 3],
      ],
      [
        [0, 20],
        [1, 5],
      ],
      [
        [0, 20],
        [1, 2],
      ],
    ]);
    expect(calls.every((call) => call.lanes === 2 && call.vocab_size === 100)).toBe(true);
  });

  it("writes at most as many tokens as each request asks for", async () => {
    const { texts } = await write([request(50, 4), request(50, 21)]);
    expect(texts).toEqual([upTo(4), upTo(21)]);
  });

  it("ends a text that the caller has enough of", async () => {
    const { texts, ended } = await write([request(50), request(50)], {
      isOver: (index, tokens) => index === 0 && tokens.includes(5),
    });
    expect(texts[0]!.length).toBeLessThan(20);
    expect(texts[1]).toEqual(upTo(50));
    expect(ended).toEqual([0, 1]);
  });

  it("says why a text is over", async () => {
    const { finishes } = await write([request(3), request(50, 4), request(50)], {
      isOver: (index, tokens) => index === 2 && tokens.includes(5),
    });
    expect(finishes).toEqual(["stop", "length", "stop"]);
    const fill = async () => [{ tokens: Int32Array.of(1), stopped: false, full: true }];
    const engine = { generate: fill } as unknown as NativeEngine;
    const options = { sampling: GREEDY, tokenizer: { eos_id: 0, vocab_size: 100 } };
    for await (const { finish } of writeTokens(engine, [request(9)], options))
      expect(finish).toBe("context");
  });

  it("writes nothing for no requests", async () => {
    expect((await write([])).calls).toEqual([]);
  });

  it("stops where the signal is aborted", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(write([request(3)], { signal })).rejects.toThrow("enough");
  });
});

it("a text ends with the end of text, or another token that is named", async () => {
  const stops = async (options: Parameters<typeof write>[1]) =>
    (await write([request(3)], options)).calls.map(({ stop_tokens }) => [...stop_tokens]);
  expect(await stops({})).toEqual([[0]]);
  expect(await stops({ stop_tokens: [7, 9] })).toEqual([[0, 7, 9]]);
});
