import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  GREEDY,
  type Sampling,
  type WriteRequest,
  writeTokens,
} from "../../lib/eval/write-tokens.ts";
import type { NativeEngine } from "../../lib/native/types.ts";
import { readyEngine, temporaryFolder, tinySpec } from "./tiny-engine.ts";

const folder = temporaryFolder();
const HOT: Sampling = { temperature: 1.5, top_k: 4, top_p: 0.9, repetition_penalty: 1.2 };

/** Prompts of unequal length, and more of them than decode together. */
const requests: WriteRequest[] = Array.from({ length: 11 }, (_, i) => ({
  prompt: Int32Array.from({ length: 1 + (i % 4) }, (_, j) => (3 * i + j) % 5),
  max_tokens: 1 + ((5 * i) % 9),
  seed: i,
}));

async function write(
  engine: NativeEngine,
  which: readonly WriteRequest[],
  sampling: Sampling,
  { lanes, vocab_size = 64 }: { lanes?: number; vocab_size?: number } = {},
): Promise<number[][]> {
  const texts: number[][] = [];
  const options = { sampling, tokenizer: { eos_id: 4, vocab_size }, lanes };
  for await (const { index, tokens } of writeTokens(engine, which, options))
    texts[index] = [...tokens];
  return texts;
}

afterAll(() => folder.remove());

describe.each(["f32", "bf16", "int8"] as const)("several sequences in one cache, %s", (weights) => {
  let engine: NativeEngine;
  beforeAll(async () => {
    const int8_weights = weights === "int8";
    const precision = int8_weights ? "bf16" : weights;
    const spec = tinySpec({ precision, int8_weights, trainable: !int8_weights });
    engine = await readyEngine(spec, folder.file(weights));
  });
  afterAll(async () => {
    await engine?.close();
  });

  test.each([
    ["greedily", GREEDY],
    ["with a seed each", HOT],
  ])("each writes %s what it writes alone", async (_, sampling) => {
    const alone: number[][] = [];
    for (const request of requests) alone.push(...(await write(engine, [request], sampling)));
    expect(new Set(alone.map(String)).size).toBeGreaterThan(1);
    for (const lanes of [11, 8, 3])
      expect(await write(engine, requests, sampling, { lanes })).toEqual(alone);
  });

  test.each([
    ["greedily", GREEDY],
    ["with a seed each", { ...HOT, top_k: 0 }],
  ])("writes %s no row behind the tokenizer's tokens", async (_, sampling) => {
    // They are the likeliest, and among the prompts, which the repetition penalty looks at.
    const all = (await write(engine, requests, sampling)).flat();
    expect(Math.max(...all)).toBeGreaterThanOrEqual(2);
    const texts = await write(engine, requests, sampling, { vocab_size: 2 });
    expect(new Set(texts.flat())).toEqual(new Set([0, 1]));
    expect(texts.map(({ length }) => length)).toEqual(requests.map((r) => r.max_tokens));
  });

  test("a lane that rested goes on where it was", async () => {
    const first = { lane: 0, prompt: Int32Array.of(0, 2), seed: 1 };
    const second = { lane: 1, prompt: Int32Array.of(3, 1, 2), seed: 1 };
    const call = async (...rows: (typeof first)[]) => {
      const reports = await engine.generate({
        ...{
          lanes: 2,
          rows,
          max_tokens: 2,
          ...GREEDY,
          stop_tokens: new Int32Array(),
          vocab_size: 64,
        },
      });
      return reports.map(({ tokens }) => [...tokens]);
    };
    const more = { prompt: new Int32Array() };
    const whole = [...(await call(first))[0]!, ...(await call({ ...first, ...more }))[0]!];
    const [begun] = await call(first, second);
    await call({ ...second, ...more });
    const [rest] = await call({ ...first, ...more });
    expect([...begun!, ...rest!]).toEqual(whole);
  });
});
