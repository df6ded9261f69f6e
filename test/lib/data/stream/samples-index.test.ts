import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SupervisedSpans } from "../../../../lib/data/corpus/supervised-spans.ts";
import type { StreamSource } from "../../../../lib/data/stream/cursor.ts";
import { PassageIndex } from "../../../../lib/data/stream/passages.ts";
import { SamplesIndex } from "../../../../lib/data/stream/samples-index.ts";
import { TrainingStream } from "../../../../lib/data/stream/training-stream.ts";
import { validationRows } from "../../../../lib/data/stream/validation-rows.ts";
import { indexOf, targetsOf } from "../support.ts";

const PACKING = { document_mask: true, packing: true };
const SAMPLES = 0;
const TEXT = 1;

/** Samples of which the last token but one is a target, as a teacher's label is; and where those targets stand. */
function labelled(lengths: readonly number[]) {
  const documents = indexOf(lengths);
  const labels = lengths.map((length, i) => documents.start(i) + length - 2);
  const edges = Float64Array.from(labels.flatMap((label) => [label, label + 1]));
  return { documents, labels, supervised: new SupervisedSpans(edges) };
}

const lengthsOf = fc.array(fc.integer({ min: 3, max: 16 }), { minLength: 1, maxLength: 12 });

describe("a source of samples", () => {
  it("is learned in its labels alone, each once an epoch, in whole samples", () => {
    fc.assert(
      fc.property(lengthsOf, fc.integer({ min: 4, max: 20 }), (lengths, seq_length) => {
        const { documents, labels, supervised } = labelled(lengths);
        const passages = new SamplesIndex(documents, supervised, seq_length);
        const stream = new TrainingStream(
          [{ file: 0, passages, weight: 1 }],
          PACKING,
          1,
          undefined,
        );
        const seen: number[] = [];
        while (stream.epochs()[0] === 0)
          for (const { token, seen_from } of targetsOf(stream.next(1, seq_length))) {
            const sample = labels.indexOf(token);
            const whole = documents.start(sample);
            expect(seen_from).toBe(Math.max(whole, whole + lengths[sample]! - 1 - seq_length));
            seen.push(token);
          }
        // The last row may hold the first samples of the next epoch too.
        expect(seen.slice(0, labels.length).toSorted((a, b) => a - b)).toEqual(labels);
      }),
    );
  });

  it("shares every batch with text by weight, which goes on around it", () => {
    const { documents, supervised } = labelled(Array.from({ length: 200 }, (_, i) => 8 + (i % 5)));
    const text = new PassageIndex(indexOf([5000, 3000]), PACKING, 64);
    const sources: StreamSource[] = [
      { file: SAMPLES, passages: new SamplesIndex(documents, supervised, 64), weight: 1 },
      { file: TEXT, passages: text, weight: 3 },
    ];
    const stream = new TrainingStream(sources, PACKING, 7, undefined);
    for (let batch = 0; batch < 5; batch++) {
      const files = targetsOf(stream.next(8, 64)).map(({ file }) => file);
      expect(new Set(files)).toEqual(new Set([SAMPLES, TEXT]));
    }
    const { taken } = (stream.state() as { mixture: { taken: number[] } }).mixture;
    expect(taken[SAMPLES]! / taken[TEXT]!).toBeCloseTo(1 / 3, 1);
  });

  it("goes on from any place", () => {
    const { documents, supervised } = labelled([5, 9, 7, 12, 4]);
    const sources = () => [
      { file: 0, passages: new SamplesIndex(documents, supervised, 16), weight: 1 },
      { file: 1, passages: new PassageIndex(indexOf([50, 20]), PACKING, 16), weight: 1 },
    ];
    const whole = new TrainingStream(sources(), PACKING, 3, undefined);
    whole.next(7, 16);
    const resumed = new TrainingStream(sources(), PACKING, 3, whole.state());
    expect(resumed.next(9, 16)).toEqual(whole.next(9, 16));
  });

  it("is validated in its labels, each exactly once", () => {
    const { documents, labels, supervised } = labelled([5, 9, 7, 12, 4]);
    const rows = validationRows([{ file: 0, documents, supervised }], 16);
    expect(rows.flatMap((row) => targetsOf(row).map(({ token }) => token))).toEqual(labels);
  });
});
