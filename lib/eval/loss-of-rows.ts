import type { RowPieces } from "../data/types.ts";
import { NO_INSTRUCTIONS, type NativeEngine, PIECE_FIELDS, type Ramp } from "../native/types.ts";

/** Rows of one native call: enough to keep the device busy, few enough for a cancel to be quick. */
export const MICRO_BATCHES_PER_CALL = 8;

export interface LossReport {
  /** Nats per target. */
  loss: number;
  targets: number;
}

/** How data-parallel ranks share rows: each takes every `ranks`-th run of them. */
export interface Share {
  ranks: number;
  rank: number;
  /** The work list of so many micro-batches. */
  instructions(numMicroBatches: number): Int32Array;
}

const ALL: Share = { ranks: 1, rank: 0, instructions: () => NO_INSTRUCTIONS };

/** Mean loss of rows, each with its own pieces. Rows that do not fill the last micro-batch stay empty. */
export async function lossOfRows(
  engine: NativeEngine,
  rows: readonly RowPieces[],
  micro_batch_size: number,
  ramp: Ramp,
  share: Share = ALL,
): Promise<LossReport> {
  let sum = 0;
  let targets = 0;
  const perCall = MICRO_BATCHES_PER_CALL * micro_batch_size * share.ranks;
  for (let begin = 0; begin < rows.length; begin += perCall) {
    const all = rows.slice(begin, begin + perCall);
    // All ranks do as many micro-batches, though the last ones may be empty.
    const count = Math.ceil(all.length / (micro_batch_size * share.ranks));
    const first = share.rank * count * micro_batch_size;
    const report = await engine.evaluate({
      pieces: joinRows(all.slice(first, first + count * micro_batch_size)),
      num_micro_batches: count,
      ramp,
      per_token: false,
      instructions: share.instructions(count),
    });
    sum += report.loss_sum;
    targets += report.targets;
  }
  return { loss: sum / targets, targets };
}

/** Numbers the rows from 0 and puts their pieces behind one another. */
export function joinRows(rows: readonly RowPieces[]): Float64Array {
  const joined = new Float64Array(rows.reduce((length, row) => length + row.length, 0));
  let at = 0;
  for (const [index, row] of rows.entries()) {
    joined.set(row, at);
    for (let field = at; field < at + row.length; field += PIECE_FIELDS) joined[field] = index;
    at += row.length;
  }
  return joined;
}
