import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { NO_RAMP } from "../../../lib/growth/ramp.ts";
import { scoreSuites } from "../../../lib/train/score-suites.ts";
import { userConfig } from "../config/fixtures.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** How often a stage of so many data-parallel ranks asks its engine, whose rank has been told to stop. */
async function callsOfStopped(data_parallel_size: number): Promise<number> {
  let calls = 0;
  const asked = () => {
    calls++;
    throw new Error("asked");
  };
  const mesh = { tensor_parallel_size: 1, pipeline_parallel_size: 1, data_parallel_size };
  const engine = {
    native: { generate: asked, evaluate: asked },
    stage: {
      mesh,
      at: { tensor: 0, data: 0, pipeline: 0 },
      plan: { shape: { seq_length: 4096, vocab_size: 257 }, config: {} },
    },
  };
  const encode = async (text: string) => Int32Array.from(Buffer.from(text));
  const data = { files: [], tokenizer: { encode, eos_id: 256, vocab_size: 257 } };
  const { eval: evaluation } = resolveConfig(
    userConfig([{}], { eval: { suites: ["iq"], limit: 1 } }),
  );
  const ranks = { gather: () => Promise.reject(new Error("told")) };
  const model = { engine, data, ramp: NO_RAMP, step: 1, ranks, signal: AbortSignal.abort() };
  const events = scoreSuites(evaluation, model as unknown as Parameters<typeof scoreSuites>[1]);
  await events.next().catch(() => null);
  return calls;
}

test("a stop ends the questions of one rank between two calls", async () => {
  const directory = temporaryDirectory();
  const choice_file = join(directory, "quiz.jsonl");
  const question = JSON.stringify({ question: "Which?", choices: ["a", "b"], answer: 0 });
  writeFileSync(choice_file, `${question}\n`.repeat(40));
  const stop = new AbortController();
  let calls = 0;
  const evaluate = async () => {
    calls++;
    stop.abort();
    return { loss_sum: 0, targets: 0, token_losses: new Float32Array(8 * 64) };
  };
  const mesh = { tensor_parallel_size: 1, pipeline_parallel_size: 1, data_parallel_size: 1 };
  const engine = {
    native: { evaluate, openTokenFiles: async () => {} },
    stage: {
      mesh,
      plan: { shape: { seq_length: 64, vocab_size: 257 }, config: { micro_batch_size: 1 } },
    },
  };
  const encode = async (text: string) => Int32Array.from(Buffer.from(text));
  const data = { files: [], tokenizer: { encode, eos_id: 256, vocab_size: 257 } };
  const { eval: evaluation } = resolveConfig(
    userConfig([{}], { eval: { suites: ["choice"], choice_file } }),
  );
  const model = { engine, data, ramp: NO_RAMP, step: 1, signal: stop.signal };
  const events = scoreSuites(evaluation, model as unknown as Parameters<typeof scoreSuites>[1]);
  expect(await events.next()).toEqual({ done: true, value: undefined });
  expect(calls).toBe(1);
});

test("a stop ends the scoring on one rank at once, on several where they tell each other of it", async () => {
  expect(await callsOfStopped(1)).toBe(0);
  expect(await callsOfStopped(2)).toBe(1);
});
