import { expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { NO_RAMP } from "../../../lib/growth/ramp.ts";
import { scoreSuites } from "../../../lib/train/score-suites.ts";
import { userConfig } from "../config/fixtures.ts";

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

test("a stop ends the scoring on one rank at once, on several where they tell each other of it", async () => {
  expect(await callsOfStopped(1)).toBe(0);
  expect(await callsOfStopped(2)).toBe(1);
});
