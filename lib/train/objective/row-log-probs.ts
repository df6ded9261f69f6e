import { MICRO_BATCHES_PER_CALL } from "../../eval/loss-of-rows.ts";
import { NO_INSTRUCTIONS, type NativeEngine, PIECE_FIELDS, type Ramp } from "../../native/types.ts";
import { rowsOf } from "../rank-stage.ts";

export interface RowsFacts {
  rows: number;
  seq_length: number;
  micro_batch_size: number;
  ramp: Ramp;
}

/** The log-probability of each row's targets, in nats; `pieces` number the rows from 0, and are in their order. */
export async function logProbsOf(
  engine: Pick<NativeEngine, "evaluate">,
  pieces: Float64Array,
  { rows, seq_length, micro_batch_size, ramp }: RowsFacts,
): Promise<Float64Array> {
  const logProbs = new Float64Array(rows);
  const perCall = MICRO_BATCHES_PER_CALL * micro_batch_size;
  let to = 0;
  for (let begin = 0; begin < rows; begin += perCall) {
    const end = Math.min(rows, begin + perCall);
    // The reference is asked for all rows there are: to look through all of them for each call would take their square.
    const from = to;
    while (to < pieces.length && pieces[to]! < end) to += PIECE_FIELDS;
    const { token_losses } = await engine.evaluate({
      pieces: rowsOf(pieces.subarray(from, to), begin, end),
      num_micro_batches: Math.ceil((end - begin) / micro_batch_size),
      ramp,
      per_token: true,
      instructions: NO_INSTRUCTIONS,
    });
    for (let row = begin; row < end; row++) {
      const at = (row - begin) * seq_length;
      for (const loss of token_losses!.subarray(at, at + seq_length)) logProbs[row]! -= loss;
    }
  }
  return logProbs;
}
