import fc from "fast-check";
import { expect, it } from "vitest";
import { SupervisedSpans } from "../../../../lib/data/corpus/supervised-spans.ts";
import { pairRows, PairsIndex } from "../../../../lib/data/stream/pairs-index.ts";
import { TrainingStream } from "../../../../lib/data/stream/training-stream.ts";
import { indexOf, targetsOf } from "../support.ts";

const PACKING = { document_mask: true, packing: true };

/** Of a pair: tokens of the prompt, of the chosen answer and of the rejected one, each with its end. */
const pairOf = fc.record({
  prompt: fc.integer({ min: 1, max: 6 }),
  chosen: fc.integer({ min: 1, max: 6 }),
  rejected: fc.integer({ min: 1, max: 6 }),
});
const pairsOf = fc.array(pairOf, { minLength: 1, maxLength: 8 });

type Pair = { prompt: number; chosen: number; rejected: number };

/** A token file of pairs, and the tokens of every answer in it. */
function fileOf(pairs: readonly Pair[], seq_length: number) {
  const documents = indexOf(
    pairs.map(({ prompt, chosen, rejected }) => 2 * prompt + chosen + rejected),
  );
  const answers = pairs.flatMap(({ prompt, chosen, rejected }, i) => {
    const first = documents.start(i) + prompt;
    const second = first + chosen + prompt;
    return [range(first, first + chosen), range(second, second + rejected)];
  });
  const edges = answers.flatMap((answer) => [answer[0]!, answer.at(-1)! + 1]);
  const supervised = new SupervisedSpans(Float64Array.from(edges));
  return { answers, pairs: new PairsIndex(documents, supervised, seq_length) };
}

function range(begin: number, end: number): number[] {
  return Array.from({ length: end - begin }, (_, i) => begin + i);
}

const tokens = (row: Float64Array) => targetsOf(row).map(({ token }) => token);

it("gives a row for each answer, which is all that is learned from it", () => {
  fc.assert(
    fc.property(pairsOf, (samples) => {
      const { answers, pairs } = fileOf(samples, 16);
      expect(pairRows(0, pairs, 16).map(tokens)).toEqual(answers);
    }),
  );
});

it("keeps the end of what no row holds", () => {
  fc.assert(
    fc.property(pairsOf, fc.integer({ min: 1, max: 5 }), (samples, seq_length) => {
      const { answers, pairs } = fileOf(samples, seq_length);
      const rows = pairRows(0, pairs, seq_length);
      expect(rows.map(tokens)).toEqual(answers.map((answer) => answer.slice(-seq_length)));
    }),
  );
});

it("shuffles pairs and never parts one", () => {
  fc.assert(
    fc.property(pairsOf, fc.integer({ min: 1, max: 16 }), (samples, seq_length) => {
      const { pairs } = fileOf(samples, seq_length);
      const stream = new TrainingStream(
        [{ file: 0, passages: pairs, weight: 1 }],
        PACKING,
        1,
        undefined,
      );
      const seen = samples.map(() => {
        const batch = stream.next(2, seq_length);
        return JSON.stringify([
          tokens(batch.filter((_, i) => batch[i - (i % 5)] === 0)),
          tokens(batch.filter((_, i) => batch[i - (i % 5)] === 1)),
        ]);
      });
      const rows = pairRows(0, pairs, seq_length).map(tokens);
      const wanted = samples.map((_, i) => JSON.stringify([rows[2 * i], rows[2 * i + 1]]));
      expect(seen.toSorted()).toEqual(wanted.toSorted());
    }),
  );
});
