import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PassageIndex } from "../../../../lib/data/stream/passages.ts";
import { inputsOf, type Packing } from "../../../../lib/data/stream/row-packer.ts";
import { TrainingStream } from "../../../../lib/data/stream/training-stream.ts";
import { PIECE_FIELDS } from "../../../../lib/native/types.ts";
import { indexOf } from "../support.ts";

const MASKED: Packing = { document_mask: true, packing: true };

interface Text {
  /** Tokens of each document, in the tokenizer that passages are cut by and in the smaller one. */
  documents: { large: number; small: number }[];
  packing: Packing;
  length: number;
}

const texts: fc.Arbitrary<Text> = fc.record({
  documents: fc.array(
    fc
      .record({ large: fc.integer({ min: 2, max: 40 }), more: fc.integer({ min: 0, max: 60 }) })
      .map(({ large, more }) => ({ large, small: large + more })),
    { minLength: 1, maxLength: 12 },
  ),
  packing: fc.record({ document_mask: fc.boolean(), packing: fc.boolean() }),
  length: fc.integer({ min: 1, max: 24 }),
});

function passagesOf({ documents, packing, length }: Text) {
  const large = indexOf(documents.map((document) => document.large));
  const small = indexOf(documents.map((document) => document.small));
  return {
    large: new PassageIndex(large, packing, length),
    small: new PassageIndex(small, packing, length, large),
  };
}

/** First input and number of inputs of each run of a passage. */
function runsOf(passages: PassageIndex, index: number): { start: number; inputs: number }[] {
  const runs = [];
  for (let offset = 0; offset < passages.inputs(index);) {
    const { start, inputs } = passages.run(index, offset);
    expect(inputs).toBeGreaterThan(0);
    runs.push({ start, inputs });
    offset += inputs;
  }
  return runs;
}

describe("passages in smaller tokens than those that they are cut by", () => {
  it("are as many, and hold every input exactly once", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { large, small } = passagesOf(text);
        expect(small.count).toBe(large.count);
        const inputs: number[] = [];
        for (let index = 0; index < small.count; index++)
          for (const { start, inputs: count } of runsOf(small, index))
            for (let i = 0; i < count; i++) inputs.push(start + i);
        const all = text.documents.reduce((sum, own) => sum + inputsOf(own.small, text.packing), 0);
        expect(inputs).toHaveLength(all);
        expect(new Set(inputs).size).toBe(all);
      }),
    );
  });

  it("hold the same documents", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { large, small } = passagesOf(text);
        const documentsOf = (passages: PassageIndex, index: number, side: "large" | "small") => {
          const index_ = indexOf(text.documents.map((document) => document[side]));
          return runsOf(passages, index).map(({ start }) =>
            text.documents.findLastIndex((_, i) => index_.start(i) <= start),
          );
        };
        for (let index = 0; index < large.count; index++)
          expect(documentsOf(small, index, "small")).toEqual(documentsOf(large, index, "large"));
      }),
    );
  });
});

describe("passages for rows of one document", () => {
  it("never join documents, and cut none that fits", () => {
    fc.assert(
      fc.property(texts, ({ packing, ...text }) => {
        const { large, small } = passagesOf({
          ...text,
          packing: { ...packing, packing: false },
        });
        const documents = text.documents.map((document) => document.large - 1);
        const wanted = documents.map((inputs) => Math.ceil(inputs / text.length));
        expect(large.count).toBe(wanted.reduce((sum, count) => sum + count, 0));
        for (let index = 0; index < large.count; index++) {
          expect(runsOf(large, index)).toHaveLength(1);
          expect(runsOf(small, index)).toHaveLength(1);
        }
      }),
    );
  });
});

/** Letters that a stream reads of documents of which each token but the first is so many letters long. */
function lettersOf(pieces: Float64Array, letters: number): number[] {
  const read: number[] = [];
  for (let at = 0; at < pieces.length; at += PIECE_FIELDS) {
    const [, , offset, length] = pieces.subarray(at, at + PIECE_FIELDS);
    const document = Math.floor(offset! / (DOCUMENT / letters + 1));
    const within = offset! - document * (DOCUMENT / letters + 1);
    for (let i = 0; i < length! * letters; i++)
      read.push(document * DOCUMENT + within * letters + i);
  }
  return read;
}

/** Letters of a document, in tokens of one or of three letters. */
const DOCUMENT = 60;

it("a stream that goes on in other tokens reads what is left of the epoch, in the same order", () => {
  const documents = 8;
  const all = documents * DOCUMENT;
  const indices = [1, 3].map((letters) =>
    indexOf(Array.from({ length: documents }, () => DOCUMENT / letters + 1)),
  );
  const [small, large] = indices.map((index) => [
    { file: 0, weight: 1, passages: new PassageIndex(index, MASKED, 8, indices[1]) },
  ]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: all - 1 }), fc.nat(100), (letters, seed) => {
      const stream = new TrainingStream(small!, MASKED, seed, undefined);
      const read = lettersOf(stream.next(1, letters), 1);
      stream.continueIn(large!);
      read.push(...lettersOf(stream.next(1, Math.ceil((all - letters) / 3)), 3));
      // The token that the small ones ended in is read again.
      expect(read.length).toBeLessThan(all + 3);
      expect(new Set(read).size).toBe(all);
      const straight = new TrainingStream(small!, MASKED, seed, undefined);
      const whole = lettersOf(straight.next(1, all), 1);
      expect([...new Set(read)]).toEqual(whole);
      expect(stream.epochs()).toEqual([1]);
    }),
  );
});
