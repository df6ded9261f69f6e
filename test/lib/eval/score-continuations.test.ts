import fc from "fast-check";
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { readTokens } from "../../../lib/data/corpus/document-index.ts";
import { scoreContinuations, type TokenSequence } from "../../../lib/eval/score-continuations.ts";
import type { Team } from "../../../lib/eval/share.ts";
import { NO_RAMP } from "../../../lib/growth/ramp.ts";
import { type EvalInput, type NativeEngine, PIECE_FIELDS } from "../../../lib/native/types.ts";
import { asTeam } from "./teams.ts";

const OTHERS = ["training.tok", "validation.tok"];
const VOCAB_SIZE = 100;

/**
 * An engine whose loss of a target is target + input / 1000: it shows which target stood behind which input.
 * Lays pieces into rows as native/data/gather does.
 */
function tellingEngine(seq_length: number, micro_batch_size: number) {
  const opened: string[][] = [];
  let tokens: Uint16Array | Uint32Array = new Uint32Array();
  const evaluate = async ({ pieces, num_micro_batches }: EvalInput) => {
    const token_losses = new Float32Array(num_micro_batches * micro_batch_size * seq_length);
    const used = new Map<number, number>();
    for (let i = 0; i < pieces.length; i += PIECE_FIELDS) {
      const [row, file, start, length, flags] = pieces.slice(i, i + PIECE_FIELDS);
      expect([file, flags]).toEqual([OTHERS.length, 3]);
      const column = used.get(row!) ?? 0;
      expect(column + length!).toBeLessThanOrEqual(seq_length);
      for (let j = 0; j < length!; j++)
        token_losses[row! * seq_length + column + j] =
          tokens[start! + j + 1]! + tokens[start! + j]! / 1000;
      used.set(row!, column + length!);
    }
    return { loss_sum: 0, targets: 0, token_losses };
  };
  const openTokenFiles = async (paths: readonly string[]) => {
    opened.push([...paths]);
    if (paths.length > OTHERS.length) tokens = readTokens(paths.at(-1)!, Infinity)!;
  };
  return { engine: { evaluate, openTokenFiles } as unknown as NativeEngine, opened };
}

const token = fc.integer({ min: 0, max: VOCAB_SIZE - 1 });
const some = (maxLength: number) =>
  fc.array(token, { minLength: 1, maxLength }).map((tokens) => Int32Array.from(tokens));
const sequence: fc.Arbitrary<TokenSequence> = fc.record({ prompt: some(9), continuation: some(4) });

it("sums the losses of each continuation, however sequences share rows", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sequence, { maxLength: 60 }),
      fc.integer({ min: 12, max: 30 }),
      fc.integer({ min: 1, max: 3 }),
      async (sequences, seq_length, micro_batch_size) => {
        const { engine, opened } = tellingEngine(seq_length, micro_batch_size);
        const scoring = {
          engine,
          files: OTHERS,
          micro_batch_size,
          seq_length,
          vocab_size: VOCAB_SIZE,
          ramp: NO_RAMP,
        };
        const scores = await scoreContinuations(scoring, sequences);
        for (const [i, { prompt, continuation }] of sequences.entries()) {
          const inputs = [prompt.at(-1)!, ...continuation.slice(0, -1)];
          const losses = [...continuation].map((target, j) => target + inputs[j]! / 1000);
          expect(scores[i]).toBeCloseTo(-losses.reduce((sum, loss) => sum + loss, 0), 3);
        }
        if (sequences.length > 0) {
          expect(opened.at(-1)).toEqual(OTHERS);
          expect(existsSync(opened[0]!.at(-1)!)).toBe(false);
        }
      },
    ),
    { numRuns: 40 },
  );
});

it("replicas share the rows, and all of them get every score", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sequence, { maxLength: 60 }),
      fc.integer({ min: 12, max: 30 }),
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 2, max: 4 }),
      async (sequences, seq_length, micro_batch_size, replicas) => {
        const common = { files: OTHERS, micro_batch_size, seq_length, vocab_size: VOCAB_SIZE };
        const scores = (team?: Team) => {
          const { engine } = tellingEngine(seq_length, micro_batch_size);
          const scoring = { ...common, engine, ramp: NO_RAMP, ...(team && { team }) };
          return scoreContinuations(scoring, sequences);
        };
        const alone = await scores();
        expect(await asTeam(replicas, scores)).toEqual(Array(replicas).fill(alone));
      },
    ),
    { numRuns: 40 },
  );
});

it("a likelihood of zero crosses between replicas", async () => {
  const one = { prompt: Int32Array.of(1), continuation: Int32Array.of(2) };
  const scores = await asTeam(2, (team) => {
    const { engine } = tellingEngine(8, 1);
    engine.evaluate = async () => ({
      loss_sum: Infinity,
      targets: 1,
      token_losses: new Float32Array(8).fill(Infinity),
      stop: false,
    });
    const scoring = { engine, files: OTHERS, micro_batch_size: 1, seq_length: 8, vocab_size: 9 };
    return scoreContinuations({ ...scoring, ramp: NO_RAMP, team }, [one]);
  });
  expect(scores).toEqual([[-Infinity], [-Infinity]]);
});

it("what a model of broken weights says is no score", async () => {
  const { engine } = tellingEngine(8, 1);
  engine.evaluate = async () => ({
    loss_sum: NaN,
    targets: 1,
    token_losses: new Float32Array(8).fill(NaN),
    stop: false,
  });
  const one = { prompt: Int32Array.of(1), continuation: Int32Array.of(2) };
  const scoring = { engine, files: OTHERS, micro_batch_size: 1, seq_length: 8, vocab_size: 9 };
  await expect(scoreContinuations({ ...scoring, ramp: NO_RAMP }, [one])).rejects.toMatchObject({
    code: "CHECKPOINT_INVALID",
    message: expect.stringContaining("logits are not finite"),
  });
});

it("opens the files again, and leaves none behind, when the engine fails", async () => {
  const { engine, opened } = tellingEngine(8, 1);
  engine.evaluate = () => Promise.reject(new Error("no"));
  const scoring = {
    engine,
    files: OTHERS,
    micro_batch_size: 1,
    seq_length: 8,
    vocab_size: 9,
    ramp: NO_RAMP,
  };
  const one = { prompt: Int32Array.of(1), continuation: Int32Array.of(2) };
  await expect(scoreContinuations(scoring, [one])).rejects.toThrow("no");
  expect(opened.at(-1)).toEqual(OTHERS);
  expect(existsSync(opened[0]!.at(-1)!)).toBe(false);
});

it("ends between two calls where the signal is aborted, with the files open again", async () => {
  const { engine, opened } = tellingEngine(8, 1);
  const stop = new AbortController();
  const { evaluate } = engine;
  let calls = 0;
  engine.evaluate = (input) => {
    calls++;
    stop.abort(new Error("enough"));
    return evaluate(input);
  };
  const scoring = { engine, files: OTHERS, micro_batch_size: 1, seq_length: 8, vocab_size: 9 };
  const one = { prompt: Int32Array.of(1, 2, 3), continuation: Int32Array.of(2, 3) };
  const sequences = Array.from({ length: 40 }, () => one);
  const scores = scoreContinuations({ ...scoring, ramp: NO_RAMP, signal: stop.signal }, sequences);
  await expect(scores).rejects.toThrow("enough");
  expect(calls).toBe(1);
  expect(opened.at(-1)).toEqual(OTHERS);
});
