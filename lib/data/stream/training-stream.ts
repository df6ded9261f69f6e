import type { Json } from "../../json.ts";
import type { BatchStream } from "../types.ts";
import { type Cursor, readCursors, type StreamSource } from "./cursor.ts";
import { Permutation } from "./permutation.ts";
import { PassageIndex, type Passages } from "./passages.ts";
import { type InputCursor, type NextInputs, type Packing, packRow } from "./row-packer.ts";
import { invalidState, isObject } from "./state.ts";
import { Turns } from "./turns.ts";

/** In a saved state without packing: that no passage joins the rests of several documents, as they once did. */
const RESTS_APART = "apart";

/** A passage that is being read. */
interface Reading {
  readonly source: number;
  readonly cursor: Cursor;
  readonly passages: Passages;
  readonly passage: number;
  /** Inputs of the passage. */
  readonly inputs: number;
}

/**
 * The endless stream of training rows.
 *
 * Each epoch of a source goes through its passages in an order that follows from (seed, source, epoch). Between two
 * passages it is the turn of the source that lies furthest behind its share of the tokens (`Turns`). So the stream is
 * a function of the cursors and the shares alone: not of rows per call, and of the sequence length only in where rows
 * are cut.
 */
export class TrainingStream implements BatchStream, InputCursor {
  #sources: readonly StreamSource[];
  readonly #packing: Packing;
  readonly #seed: number;
  readonly #cursors: Cursor[];
  /** The order of the running epoch of each source. */
  readonly #orders: (Permutation | undefined)[] = [];
  readonly #turns: Turns;
  /** Null where it has to be looked up. */
  #reading: Reading | null = null;

  /**
   * @param sources of which at least one has a passage
   * @param state of an earlier stream of the same corpus, to continue there
   * @throws FlmError CHECKPOINT_INVALID for a state that is not one of this corpus
   */
  constructor(
    sources: readonly StreamSource[],
    packing: Packing,
    seed: number,
    state: Json | undefined,
  ) {
    this.#sources = sources;
    this.#packing = packing;
    this.#seed = seed;
    if (!packing.packing) checkRests(state, sources);
    this.#cursors = readCursors(state, sources);
    this.#turns =
      state === undefined
        ? new Turns(this.#weightsOfFull(sources.map(({ weight }) => weight)))
        : Turns.restore((state as { mixture?: Json }).mixture, sources.length);
    const { cursor, inputs } = this.#read();
    if (cursor.offset >= inputs)
      throw invalidState(`offset ${cursor.offset} is not within a passage of ${inputs} inputs`);
  }

  next(rows: number, seq_length: number): Float64Array {
    const pieces: number[] = [];
    for (let row = 0; row < rows; row++) packRow(this, this.#packing, seq_length, row, pieces);
    return new Float64Array(pieces);
  }

  state(): Json {
    return {
      passage_length: this.passage_length,
      sources: this.#cursors.map((cursor) => ({ ...cursor })),
      mixture: this.#turns.state(),
      ...(this.#packing.packing ? {} : { rests: RESTS_APART }),
    };
  }

  get passage_length(): number {
    return this.#sources[0]!.passages.length;
  }

  continueIn(sources: readonly StreamSource[]): void {
    const open = this.#cursors.findIndex(({ offset }) => offset > 0);
    if (open >= 0) {
      const cursor = this.#cursors[open]!;
      const passage = this.#order(open).at(cursor.position);
      const [from, to] = [this.#sources, sources].map((of) => of[open]!.passages.inputs(passage));
      cursor.offset = Math.floor((cursor.offset * to!) / from!);
    }
    this.#sources = sources;
    this.#reading = null;
  }

  mix(weights: readonly number[]): void {
    this.#turns.change(this.#weightsOfFull(weights));
    this.#reading = null;
  }

  shares(): readonly number[] {
    return this.#turns.shares;
  }

  epochs(): number[] {
    return this.#cursors.map(({ epoch }) => epoch);
  }

  current(): NextInputs {
    const { source, cursor, passages, passage } = this.#read();
    return { file: this.#sources[source]!.file, run: passages.run(passage, cursor.offset) };
  }

  advance(inputs: number): void {
    const { source, cursor, passages, inputs: all } = this.#read();
    this.#turns.take(source, inputs);
    cursor.offset += inputs;
    if (cursor.offset < all) return;
    this.#reading = null;
    cursor.offset = 0;
    cursor.position++;
    if (cursor.position < passages.count) return;
    cursor.position = 0;
    cursor.epoch++;
    this.#orders[source] = undefined;
  }

  #read(): Reading {
    return (this.#reading ??= this.#lookUp());
  }

  /** The passage that is being read or, between two, that of the source whose turn it is. */
  #lookUp(): Reading {
    const open = this.#cursors.findIndex(({ offset }) => offset > 0);
    const source = open >= 0 ? open : this.#turns.next();
    const cursor = this.#cursors[source]!;
    const { passages } = this.#sources[source]!;
    const passage = this.#order(source).at(cursor.position);
    return { source, cursor, passages, passage, inputs: passages.inputs(passage) };
  }

  /** The weights with 0 for sources that have no passage. */
  #weightsOfFull(weights: readonly number[]): number[] {
    return weights.map((weight, i) => (this.#sources[i]!.passages.count > 0 ? weight : 0));
  }

  #order(source: number): Permutation {
    const { count } = this.#sources[source]!.passages;
    const { epoch } = this.#cursors[source]!;
    return (this.#orders[source] ??= new Permutation(count, [this.#seed, source, epoch]));
  }
}

/** Samples never were passages that rests could have joined. */
function checkRests(state: Json | undefined, sources: readonly StreamSource[]): void {
  if (state === undefined || (isObject(state) && state.rests === RESTS_APART)) return;
  if (sources.some(({ passages }) => passages instanceof PassageIndex))
    throw invalidState(
      "with data.packing false it numbers joined ends of documents, as earlier versions did, which divided short ones",
      "go on with the version that trained the run, or start over with --fresh",
    );
}
