import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SupervisedSpans } from "../../../../lib/data/corpus/supervised-spans.ts";
import type { StreamSource } from "../../../../lib/data/stream/cursor.ts";
import type { Json } from "../../../../lib/json.ts";
import { inputsOf, type Packing } from "../../../../lib/data/stream/row-packer.ts";
import { PassageIndex } from "../../../../lib/data/stream/passages.ts";
import { SamplesIndex } from "../../../../lib/data/stream/samples-index.ts";
import { TrainingStream } from "../../../../lib/data/stream/training-stream.ts";
import {
  PIECE_FIELDS,
  PIECE_LAST_TARGET,
  PIECE_NEW_SEGMENT,
} from "../../../../lib/native/types.ts";
import { errorOf, indexOf } from "../support.ts";

interface Corpus {
  lengths: number[][];
  weights: number[];
  packing: Packing;
  passage_length: number;
  seed: number;
}

const corpora: fc.Arbitrary<Corpus> = fc.integer({ min: 1, max: 3 }).chain((count) =>
  fc.record({
    lengths: fc.array(fc.array(fc.integer({ min: 2, max: 20 }), { minLength: 1, maxLength: 12 }), {
      minLength: count,
      maxLength: count,
    }),
    weights: fc.array(fc.double({ min: 0.1, max: 4, noNaN: true }), {
      minLength: count,
      maxLength: count,
    }),
    packing: fc.record({ document_mask: fc.boolean(), packing: fc.boolean() }),
    passage_length: fc.integer({ min: 1, max: 24 }),
    seed: fc.maxSafeNat(),
  }),
);

function sourcesOf({ lengths, weights, packing, passage_length }: Corpus): StreamSource[] {
  return lengths.map((source, file) => ({
    file,
    passages: new PassageIndex(indexOf(source), packing, passage_length),
    weight: weights[file]!,
  }));
}

function streamOf(corpus: Corpus, state?: ReturnType<TrainingStream["state"]>): TrainingStream {
  return new TrainingStream(sourcesOf(corpus), corpus.packing, corpus.seed, state);
}

interface Piece {
  row: number;
  file: number;
  offset: number;
  length: number;
  flags: number;
}

function piecesOf(pieces: Float64Array): Piece[] {
  return Array.from({ length: pieces.length / PIECE_FIELDS }, (_, i) => {
    const [row, file, offset, length, flags] = pieces.subarray(i * PIECE_FIELDS);
    return { row: row!, file: file!, offset: offset!, length: length!, flags: flags! };
  });
}

/** Every input in order, as "file:token". */
function inputsOfPieces(pieces: readonly Piece[]): string[] {
  return pieces.flatMap(({ file, offset, length }) =>
    Array.from({ length }, (_, i) => `${file}:${offset + i}`),
  );
}

describe("TrainingStream", () => {
  it("fills rows with whole pieces of documents", () => {
    fc.assert(
      fc.property(corpora, fc.integer({ min: 1, max: 16 }), (corpus, seq_length) => {
        const rows = 20;
        const stream = streamOf(corpus);
        const pieces = piecesOf(stream.next(rows, seq_length));
        let unfilled = 0;
        for (let row = 0; row < rows; row++) {
          const own = pieces.filter((piece) => piece.row === row);
          const used = own.reduce((sum, { length }) => sum + length, 0);
          if (used < seq_length) unfilled++;
          if (!corpus.packing.packing) expect(own).toHaveLength(1);
          expect(used).toBeLessThanOrEqual(seq_length);
          expect(own[0]!.flags & PIECE_NEW_SEGMENT).toBeTruthy();
        }
        // An epoch's one shorter passage ends its row.
        const ends = stream.epochs().reduce((sum, epochs) => sum + epochs + 1, 0);
        if (corpus.packing.packing) expect(unfilled).toBeLessThanOrEqual(ends);
        for (const { file, offset, length, flags } of pieces) {
          const documents = indexOf(corpus.lengths[file]!);
          const document = Array.from({ length: documents.count }, (_, i) => i).find(
            (i) => documents.start(i) <= offset && offset < documents.start(i + 1),
          )!;
          const end = documents.start(document + 1);
          expect(offset + length).toBeLessThanOrEqual(end);
          // A target behind the piece is a token of the same document.
          expect(Boolean(flags & PIECE_LAST_TARGET)).toBe(offset + length < end);
          const startsDocument = offset === documents.start(document);
          if (corpus.packing.document_mask && startsDocument)
            expect(flags & PIECE_NEW_SEGMENT).toBeTruthy();
        }
      }),
    );
  });

  it("reads every passage exactly once in each epoch, in another order", () => {
    fc.assert(
      fc.property(corpora, fc.integer({ min: 1, max: 16 }), (corpus, seq_length) => {
        const one = { ...corpus, lengths: corpus.lengths.slice(0, 1), weights: [1] };
        const inputs = one.lengths[0]!.reduce((sum, n) => sum + inputsOf(n, one.packing), 0);
        const stream = streamOf(one);
        const read: string[] = [];
        while (read.length < 2 * inputs)
          read.push(...inputsOfPieces(piecesOf(stream.next(1, seq_length))));
        expect(new Set(read.slice(0, inputs)).size).toBe(inputs);
        expect(new Set(read.slice(inputs, 2 * inputs))).toEqual(new Set(read.slice(0, inputs)));
        expect(stream.epochs()).toEqual([Math.floor(read.length / inputs)]);
      }),
    );
    const long = streamOf({
      lengths: [Array.from({ length: 100 }, () => 2)],
      weights: [1],
      packing: { document_mask: true, packing: true },
      passage_length: 20,
      seed: 1,
    });
    expect(inputsOfPieces(piecesOf(long.next(1, 100)))).not.toEqual(
      inputsOfPieces(piecesOf(long.next(1, 100))),
    );
  });

  it("does not read one long document through before the next", () => {
    const corpus = {
      lengths: [[1001, 1001]],
      weights: [1],
      packing: { document_mask: true, packing: true },
      passage_length: 10,
      seed: 1,
    };
    const pieces = piecesOf(streamOf(corpus).next(20, 10));
    const documents = new Set(pieces.map(({ offset }) => Math.floor(offset / 1001)));
    expect(documents).toEqual(new Set([0, 1]));
    // Every passage of a fresh row starts somewhere else.
    expect(new Set(pieces.map(({ offset }) => offset)).size).toBe(20);
  });

  it("gives each document that fits a row of its own without packing", () => {
    fc.assert(
      fc.property(corpora, (corpus) => {
        const packing = { ...corpus.packing, packing: false };
        const stream = streamOf({ ...corpus, packing, passage_length: 19 });
        for (const { file, offset, length } of piecesOf(stream.next(40, 19))) {
          const documents = indexOf(corpus.lengths[file]!);
          const starts = corpus.lengths[file]!.map((_, i) => documents.start(i));
          const document = starts.indexOf(offset);
          expect(document).toBeGreaterThanOrEqual(0);
          expect(length).toBe(documents.length(document) - 1);
        }
      }),
    );
  });

  it("refuses places from before, when rests were joined without packing", async () => {
    const packing = { document_mask: true, packing: false };
    const corpus = { lengths: [[4, 4]], weights: [1], packing, passage_length: 8, seed: 1 };
    const { rests, ...before } = streamOf(corpus).state() as Record<string, Json>;
    expect(rests).toBe("apart");
    const error = await errorOf(() => streamOf(corpus, before));
    expect(error.code).toBe("CHECKPOINT_INVALID");
    expect(error.message).toMatch(/data\.packing false/);
    expect(error.hint).toMatch(/--fresh/);
    // Samples have always been passages of their own.
    const spans = new SupervisedSpans(Float64Array.of(0, 4));
    const samples = [{ file: 0, passages: new SamplesIndex(indexOf([4]), spans, 8), weight: 1 }];
    const state = new TrainingStream(samples, packing, 1, undefined).state() as Record<
      string,
      Json
    >;
    delete state.rests;
    expect(() => new TrainingStream(samples, packing, 1, state)).not.toThrow();
  });

  it("trains every position of the context alike", () => {
    const corpus = {
      lengths: [[130, 7, 64, 300, 41, 90, 65, 12, 200]],
      weights: [1],
      packing: { document_mask: true, packing: true },
      passage_length: 32,
      seed: 1,
    };
    const epoch = corpus.lengths[0]!.reduce((sum, n) => sum + n - 1, 0);
    const rows = Math.floor(epoch / 32);
    const pieces = piecesOf(streamOf(corpus).next(rows, 32));
    // Whole passages stay whole: most rows are one piece, and only the joined rests have several.
    const whole = pieces.filter(({ length }) => length === 32).length;
    const fitting = corpus.lengths[0]!.reduce((sum, n) => sum + Math.floor((n - 1) / 32), 0);
    expect(whole).toBeGreaterThanOrEqual(fitting - 1);
  });

  it("gives the same inputs however it is cut into rows and calls", () => {
    const cuts = fc.array(
      fc.record({
        rows: fc.integer({ min: 0, max: 4 }),
        seq_length: fc.integer({ min: 1, max: 9 }),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(corpora, cuts, (corpus, calls) => {
        const stream = streamOf(corpus);
        const cut = calls.flatMap(({ rows, seq_length }) =>
          inputsOfPieces(piecesOf(stream.next(rows, seq_length))),
        );
        const whole = inputsOfPieces(piecesOf(streamOf(corpus).next(cut.length, 20)));
        expect(cut).toEqual(whole.slice(0, cut.length));
      }),
    );
  });

  it("continues exactly where its state was taken, also with another sequence length", () => {
    fc.assert(
      fc.property(
        corpora,
        fc.nat(30),
        fc.integer({ min: 1, max: 9 }),
        (corpus, calls, seq_length) => {
          const straight = streamOf(corpus);
          for (let i = 0; i < calls; i++) straight.next(1, seq_length);
          const resumed = streamOf(corpus, JSON.parse(JSON.stringify(straight.state())));
          expect(resumed.next(10, seq_length + 1)).toEqual(straight.next(10, seq_length + 1));
          expect(resumed.state()).toEqual(straight.state());
        },
      ),
    );
  });

  it("never lies further off the weights than its longest passage", () => {
    fc.assert(
      fc.property(corpora, (corpus) => {
        const stream = streamOf(corpus);
        const inputs = inputsOfPieces(piecesOf(stream.next(300, 7)));
        const total = corpus.weights.reduce((a, b) => a + b, 0);
        for (const [source, weight] of corpus.weights.entries()) {
          const share = inputs.filter((input) => input.startsWith(`${source}:`)).length;
          expect(Math.abs(share - (inputs.length * weight) / total)).toBeLessThanOrEqual(
            20 * corpus.weights.length,
          );
        }
      }),
    );
  });

  it("passes over sources without passages", () => {
    const corpus = {
      lengths: [[], [3, 4]],
      weights: [5, 1],
      packing: { document_mask: true, packing: true },
      passage_length: 20,
      seed: 1,
    };
    const stream = streamOf(corpus);
    expect(piecesOf(stream.next(3, 5)).every(({ file }) => file === 1)).toBe(true);
    expect(stream.epochs()).toEqual([0, 3]);
    expect(streamOf(corpus, stream.state()).next(2, 5)).toEqual(stream.next(2, 5));
  });

  it.each([
    [null, /0 sources, the data has 1/],
    [{ sources: [] }, /0 sources/],
    [{ sources: [{}] }, /epoch of source 0 is undefined/],
    [{ sources: [{ epoch: 0, position: -1, offset: 0 }] }, /position of source 0 is -1/],
    [{ sources: [{ epoch: 0, position: 2, offset: 0 }] }, /not below its 2 passages/],
    [{ sources: [{ epoch: 0, position: 0, offset: 0 }] }, /shares of its mixture is undefined/],
    [
      {
        sources: [{ epoch: 0, position: 0, offset: 0 }],
        mixture: { shares: [0], due: [0], taken: [0] },
      },
      /gives no source a share/,
    ],
    [
      {
        sources: [{ epoch: 0, position: 0, offset: 3 }],
        mixture: { shares: [1], due: [0], taken: [0] },
      },
      /offset 3 is not within/,
    ],
  ])("refuses the state %j", async (state, message) => {
    const packing = { document_mask: true, packing: true };
    const corpus = { lengths: [[4, 4]], weights: [1], packing, passage_length: 3, seed: 1 };
    const error = await errorOf(() => streamOf(corpus, state));
    expect(error.code).toBe("CHECKPOINT_INVALID");
    expect(error.message).toMatch(message);
  });
});
