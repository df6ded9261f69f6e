import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { stageSteps } from "../../../lib/config/steps.ts";
import type { Config } from "../../../lib/config/types.ts";
import type { DocumentIndex } from "../../../lib/data/corpus/document-index.ts";
import { stageWeights } from "../../../lib/data/mixing/stage-weights.ts";
import { PassageIndex } from "../../../lib/data/stream/passages.ts";
import { TrainingStream } from "../../../lib/data/stream/training-stream.ts";
import type { Json } from "../../../lib/json.ts";
import { PIECE_FIELDS } from "../../../lib/native/types.ts";
import { BatchFeed, type FeedPlace, type StageData } from "../../../lib/train/batch-feed.ts";
import { rowsOf } from "../../../lib/train/rank-stage.ts";
import { userConfig } from "../config/fixtures.ts";
import { indexOf } from "../data/support.ts";

const PACKING = { document_mask: true, packing: true };

/** A run over sources of so many documents of 5 to 11 tokens. */
interface Run {
  config: Config;
  documents: DocumentIndex[];
}

interface Stage {
  seq_length: number;
  global_batch_size: number;
  steps: number;
  weights: number[];
}

const SOURCES = 3;
const stage: fc.Arbitrary<Stage> = fc.record({
  seq_length: fc.integer({ min: 3, max: 24 }),
  global_batch_size: fc.constantFrom(2, 4, 6),
  steps: fc.integer({ min: 1, max: 6 }),
  weights: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: SOURCES, maxLength: SOURCES }),
});

const runs: fc.Arbitrary<Run> = fc
  .record({
    stages: fc.array(stage, { minLength: 1, maxLength: 3 }),
    mixing: fc.constantFrom("stages" as const, "linear" as const, "dynamic" as const),
    temperature: fc.option(fc.double({ min: 0.5, max: 5, noNaN: true })),
    documents: fc.array(fc.integer({ min: 1, max: 30 }), {
      minLength: SOURCES,
      maxLength: SOURCES,
    }),
    seed: fc.nat(1000),
  })
  .map(({ stages, mixing, temperature, documents, seed }) => ({
    config: resolveConfig(
      userConfig(
        stages.map(({ steps, ...rest }) => ({
          ...rest,
          tokens: steps * rest.global_batch_size * rest.seq_length,
          warmup_steps: 0,
        })),
        {
          seed,
          data: {
            mixing,
            temperature,
            sources: documents.map((_, i) => ({ path: `${i}.txt`, reference_loss: 2 })),
          },
        },
      ),
    ),
    documents: documents.map((count, source) =>
      indexOf(Array.from({ length: count }, (_, i) => 5 + ((i + source) % 7))),
    ),
  }));

function feedOf({ config, documents }: Run, from?: FeedPlace): BatchFeed {
  const longest = Math.max(...config.stages.map(({ seq_length }) => seq_length));
  const tokens = documents.map((index) => index.tokens);
  const sources = documents.map((index, file) => ({
    file,
    passages: new PassageIndex(index, PACKING, longest),
    weight: 1,
  }));
  const data: StageData = {
    stage_weights: stageWeights(config, tokens),
    stream: (state) => new TrainingStream(sources, PACKING, config.seed, state),
    takeOver: (stream) => stream.continueIn(sources),
  };
  return new BatchFeed(
    config,
    config.stages.map(() => data),
    from,
  );
}

/** Every step of the run in order, with "losses" after each third; `restart` tells after which steps to begin anew. */
function batchesOf(run: Run, restart: (step: number) => boolean = () => false): Float64Array[] {
  let feed = feedOf(run);
  const batches: Float64Array[] = [];
  for (const i of run.config.stages.keys())
    for (let stage_step = 0; stage_step < stageSteps(run.config, i); stage_step++) {
      batches.push(feed.next({ stage: i, stage_step }));
      const step = batches.length;
      if (step % 3 === 0)
        feed.heed(
          run.documents.map((_, k) => 1.5 + ((step * (k + 2)) % 5) / 3),
          i,
        );
      if (!restart(step)) continue;
      feed = feedOf(run, { stage: i, state: JSON.parse(JSON.stringify(feed.state())) as Json });
    }
  return batches;
}

const hashOf = (batches: readonly Float64Array[]) => {
  const hash = createHash("sha256");
  for (const pieces of batches) hash.update(new Uint8Array(pieces.buffer));
  return hash.digest("hex");
};

/** "file:token" of every input, in order. */
const inputsOf = (pieces: Float64Array) =>
  Array.from({ length: pieces.length / PIECE_FIELDS }, (_, i) => {
    const [, file, offset, length] = pieces.subarray(i * PIECE_FIELDS);
    return Array.from({ length: length! }, (_, k) => `${file}:${offset! + k}`);
  }).flat();

describe("the batches of a run whose stages change sequence length, batch and mixture", () => {
  it("have the same hash wherever the run is restarted", () => {
    fc.assert(
      fc.property(runs, fc.array(fc.boolean(), { minLength: 18, maxLength: 18 }), (run, stops) => {
        const straight = hashOf(batchesOf(run));
        expect(hashOf(batchesOf(run, (step) => stops[step - 1]!))).toBe(straight);
        expect(hashOf(batchesOf(run, () => true))).toBe(straight);
      }),
    );
  });

  it("hold the same rows whatever the number of data-parallel ranks", () => {
    fc.assert(
      fc.property(runs, (run) => {
        const [first] = batchesOf(run);
        const { global_batch_size } = run.config.stages[0]!;
        for (const ranks of [1, 2, global_batch_size]) {
          const rows = global_batch_size / ranks;
          const shared = Array.from({ length: ranks }, (_, rank) =>
            inputsOf(rowsOf(first!, rank * rows, (rank + 1) * rows)),
          ).flat();
          expect(shared).toEqual(inputsOf(first!));
        }
      }),
    );
  });

  it("hold every position of a source exactly once an epoch", () => {
    fc.assert(
      fc.property(runs, (run) => {
        const read = batchesOf(run).flatMap(inputsOf);
        for (const [file, documents] of run.documents.entries()) {
          const own = read.filter((input) => input.startsWith(`${file}:`));
          const epoch = documents.tokens - documents.count;
          for (let begin = 0; begin < own.length; begin += epoch) {
            const inputs = own.slice(begin, begin + epoch);
            expect(new Set(inputs).size).toBe(inputs.length);
          }
        }
      }),
    );
  });
});

const LONG = Array.from({ length: 3 }, () => indexOf(Array.from({ length: 200 }, () => 11)));

function longRun(data: Partial<Config["data"]>, weights: (number[] | null)[]): Run {
  const stages = weights.map((own) => ({
    weights: own,
    tokens: 100 * 80,
    seq_length: 10,
    global_batch_size: 8,
  }));
  const sources = LONG.map((_, i) => ({ path: `${i}.txt`, reference_loss: 2 }));
  return {
    config: resolveConfig(userConfig(stages, { data: { sources, ...data } })),
    documents: LONG,
  };
}

/** Share of each source in the inputs of these batches. */
function sharesOf(batches: readonly Float64Array[]): number[] {
  const inputs = batches.flatMap(inputsOf);
  return LONG.map((_, i) => inputs.filter((at) => at.startsWith(`${i}:`)).length / inputs.length);
}

describe("the mixture", () => {
  it("is each stage's own from its first batch on, without making up for what was before", () => {
    const batches = batchesOf(longRun({}, [[8, 1, 1], [1, 1, 8], null]));
    const stages = [0, 100, 200].map((begin) => sharesOf(batches.slice(begin, begin + 100)));
    for (const [stage, expected] of [
      [0.8, 0.1, 0.1],
      [0.1, 0.1, 0.8],
      [0.1, 0.1, 0.8],
    ].entries())
      for (const [i, share] of expected.entries()) expect(stages[stage]![i]).toBeCloseTo(share, 2);
  });

  it("leaves a source of weight 0 out", () => {
    const batches = batchesOf(
      longRun({}, [
        [1, 1, 1],
        [1, 0, 1],
      ]),
    );
    // The passage that was being read is read to its end.
    expect(sharesOf(batches.slice(101))).toEqual([0.5, 0, 0.5]);
  });

  it("changes linearly within a stage", () => {
    const run = longRun({ mixing: "linear" }, [
      [1, 1, 0],
      [0, 1, 1],
    ]);
    const batches = batchesOf(run);
    expect(sharesOf(batches.slice(0, 100))).toEqual([0.5, 0.5, 0]);
    const [early, late] = [sharesOf(batches.slice(100, 150)), sharesOf(batches.slice(150))];
    expect(early[2]).toBeCloseTo(0.125, 1);
    expect(late[2]).toBeCloseTo(0.375, 1);
    expect(sharesOf(batches.slice(100))[1]).toBeCloseTo(0.5, 1);
  });

  it("follows the losses with dynamic batch loading, until a stage has weights of its own", () => {
    const run = longRun({ mixing: "dynamic" }, [null, null, [1, 1, 1]]);
    const feed = feedOf(run);
    feed.next({ stage: 0, stage_step: 0 });
    feed.heed([2, 3, 1], 0);
    const moved = [...feed.shares()];
    expect(moved[1]).toBeGreaterThan(moved[0]!);
    expect(moved[0]).toBeGreaterThan(moved[2]!);
    feed.next({ stage: 0, stage_step: 1 });
    feed.next({ stage: 1, stage_step: 0 });
    expect(feed.shares()).toEqual(moved);
    feed.next({ stage: 2, stage_step: 0 });
    for (const share of feed.shares()) expect(share).toBeCloseTo(1 / 3, 12);
  });

  it("does not follow the last bits of the losses, which depend on the number of ranks", () => {
    const run = longRun({ mixing: "dynamic" }, [null]);
    const [one, two] = [feedOf(run), feedOf(run)];
    one.heed([2.1, 3.2, 1.3], 0);
    two.heed([2.1 + 1e-7, 3.2 - 1e-7, 1.3 + 2e-7], 0);
    expect(two.shares()).toEqual(one.shares());
  });

  it("has its reference losses by stage, and passes over a source without validation text", () => {
    const sources = LONG.map((_, i) => ({ path: `${i}.txt`, reference_loss: [2, 1] }));
    const run = longRun({}, [null, null]);
    run.config = resolveConfig(userConfig([{}, {}], { data: { sources, mixing: "dynamic" } }));
    const feed = feedOf(run);
    feed.heed([2, null, 2], 0);
    for (const share of feed.shares()) expect(share).toBeCloseTo(1 / 3, 12);
    feed.heed([2, null, 2], 1);
    expect(feed.shares()[0]).toBeGreaterThan(feed.shares()[1]!);
  });
});
