import { expect, test } from "vitest";
import { GREEDY } from "../../lib/eval/write-tokens.ts";
import { encodeLoadPlan } from "../../lib/native/encode.ts";
import { createEngine } from "../../lib/native/engine.ts";
import { loadNative } from "../../lib/native/load.ts";
import { ONE_RANK } from "../../lib/native/plans.ts";
import type { GenerateInput } from "../../lib/native/types.ts";
import { freshWeights, tinySpec } from "./tiny-engine.ts";

// An odd vocabulary: the last rank holds fewer rows than the first.
const spec = tinySpec({ precision: "f32" }, { vocab_size: 63 });
const plan = encodeLoadPlan(freshWeights(spec));
const input: GenerateInput = {
  lanes: 3,
  rows: [[5, 9, 2], [7], [1, 1, 4, 3]].map((prompt, lane) => ({
    lane,
    prompt: Int32Array.from(prompt),
    seed: lane,
  })),
  max_tokens: 8,
  ...GREEDY,
  stop_tokens: new Int32Array(),
  vocab_size: 63,
};

async function alone() {
  const engine = await createEngine(spec);
  await engine.load(plan);
  const rows = await engine.generate(input);
  await engine.close();
  return rows;
}

/** Two ranks that share every matrix, both in this process. */
async function shared(sampling: Partial<GenerateInput> = {}) {
  const worlds = [0, 1].map(() => loadNative().createWorld("127.0.0.1"));
  const peers = worlds.map(({ endpoint }) => endpoint);
  const common = {
    peers,
    job: "generate",
    secret: new Uint8Array(),
    timeout_seconds: 30,
    silence_seconds: 5,
  };
  return Promise.all(
    worlds.map(async (world, rank) => {
      await world.connect({
        ...common,
        rank,
        device: "cpu",
        device_index: 0,
        communicator: "host",
      });
      const split = { tensor_parallel_size: 2, tensor_rank: rank, sequence_parallel: true };
      const engine = await createEngine({ ...spec, mesh: { ...ONE_RANK, ...split } }, world);
      await engine.load(plan);
      const rows = await engine.generate({ ...input, ...sampling });
      await engine.close();
      return rows;
    }),
  );
}

test("two tensor-parallel ranks write what one writes", async () => {
  const expected = await alone();
  expect(await shared()).toEqual([expected, expected]);
});

test("ranks that sample agree", async () => {
  const [first, second] = await shared({ temperature: 1.5, top_p: 0.9 });
  expect(first).toEqual(second);
  expect(first).not.toEqual(await alone());
});
