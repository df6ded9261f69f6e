import type { RowPieces } from "../data/types.ts";
import { type NativeEngine, PIECE_FIELDS, type Ramp } from "../native/types.ts";
import { ALONE, type Share } from "./share.ts";

/** Rows of one native call: enough to keep the device busy, few enough for a cancel to be quick. */
export const MICRO_BATCHES_PER_CALL = 8;

export interface LossReport {
  /** Nats per target. */
  loss: number;
  targets: number;
}

/** Mean loss of rows, each with its own pieces. Rows that do not fill the last micro-batch stay empty. */
export async function lossOfRows(
  engine: Pick<NativeEngine, "evaluate">,
  rows: readonly RowPieces[],
  micro_batch_size: number,
  ramp: Ramp,
  share: Share = ALONE,
  signal?: AbortSignal,
): Promise<LossReport> {
  let sum = 0;
  let targets = 0;
  for (const { begin, end, count } of callsOf(rows.length, micro_batch_size, share)) {
    signal?.throwIfAborted();
    const report = await engine.evaluate({
      pieces: joinRows(rows.slice(begin, end)),
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

/** What one native call evaluates: this replica's rows begin to end - 1, in `count` micro-batches. */
interface Call {
  begin: number;
  end: number;
  count: number;
}

/** All replicas do as many micro-batches in every call, though the last ones may be empty. */
export function callsOf(
  rows: number,
  micro_batch_size: number,
  { replicas, replica }: Share,
): Call[] {
  const calls: Call[] = [];
  const perCall = MICRO_BATCHES_PER_CALL * micro_batch_size * replicas;
  for (let first = 0; first < rows; first += perCall) {
    const last = Math.min(rows, first + perCall);
    const count = Math.ceil((last - first) / (micro_batch_size * replicas));
    const begin = Math.min(last, first + replica * count * micro_batch_size);
    calls.push({ begin, end: Math.min(last, begin + count * micro_batch_size), count });
  }
  return calls;
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
