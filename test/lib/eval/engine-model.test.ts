import { expect, test } from "vitest";
import type { Tokenizer } from "../../../lib/data/types.ts";
import { EngineModel } from "../../../lib/eval/engine-model.ts";
import type { Team } from "../../../lib/eval/share.ts";
import { NO_RAMP } from "../../../lib/growth/ramp.ts";
import type { GenerateInput, NativeEngine } from "../../../lib/native/types.ts";
import { asTeam } from "./teams.ts";

const tokenizer = {
  eos_id: 256,
  vocab_size: 257,
  encode: async (text: string) => Int32Array.from(Buffer.from(text)),
  decode: (tokens: readonly number[]) => Buffer.from(tokens).toString(),
} as unknown as Tokenizer;

/** An engine that writes the prompt's first token twice, and a line's end. */
function doublingModel(asked: string[], team?: Team, signal?: AbortSignal): EngineModel {
  const generate = async ({ rows }: GenerateInput) =>
    rows.map(({ prompt }) => {
      asked.push(Buffer.from(prompt).toString());
      return { tokens: Int32Array.of(prompt[0]!, prompt[0]!, 10), stopped: true, full: false };
    });
  return new EngineModel(
    {
      engine: { generate } as unknown as NativeEngine,
      files: [],
      micro_batch_size: 1,
      seq_length: 16,
      vocab_size: 257,
      ramp: NO_RAMP,
      ...(team && { team }),
      ...(signal && { signal }),
    },
    tokenizer,
  );
}

const PROMPTS = ["a", "b", "c", "d", "e"].map((prompt) => ({ prompt, max_tokens: 3 }));

test("lines are those of their questions, each heard of once", async () => {
  let heard = 0;
  const lines = await doublingModel([]).writeLines(PROMPTS, () => heard++);
  expect(lines).toEqual(["aa", "bb", "cc", "dd", "ee"]);
  expect(heard).toBe(PROMPTS.length);
});

test("replicas write a part each, and all get every line", async () => {
  const asked: string[][] = [[], [], []];
  const all = await asTeam(3, async (team) => {
    let heard = 0;
    const model = doublingModel(asked[team.replica]!, team);
    return { lines: await model.writeLines(PROMPTS, () => heard++), heard };
  });
  expect(all).toEqual(Array(3).fill({ lines: ["aa", "bb", "cc", "dd", "ee"], heard: 5 }));
  expect(asked).toEqual([["a", "d"], ["b", "e"], ["c"]]);
});

test("an aborted signal ends the counting of questions and the writing", async () => {
  const asked: string[] = [];
  const model = doublingModel(asked, undefined, AbortSignal.abort(new Error("enough")));
  await expect(model.countTokens("a")).rejects.toThrow("enough");
  await expect(model.writeLines(PROMPTS)).rejects.toThrow("enough");
  expect(asked).toEqual([]);
});

test("what ends a text here ends a line too", async () => {
  const asked: number[][] = [];
  const generate = async ({ rows, stop_tokens }: GenerateInput) => {
    asked.push([...stop_tokens]);
    return rows.map(() => ({ tokens: Int32Array.of(65), stopped: true, full: false }));
  };
  const engine = { generate } as unknown as NativeEngine;
  const scoring = { engine, files: [], micro_batch_size: 1, seq_length: 16, vocab_size: 257 };
  const model = new EngineModel({ ...scoring, ramp: NO_RAMP }, tokenizer, [7]);
  expect(await model.writeLines([{ prompt: "a", max_tokens: 3 }])).toEqual(["A"]);
  expect(asked).toEqual([[256, 7]]);
});
