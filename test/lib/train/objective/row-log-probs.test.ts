import { expect, test } from "vitest";
import { joinRows } from "../../../../lib/eval/loss-of-rows.ts";
import { NO_RAMP } from "../../../../lib/growth/ramp.ts";
import { type EvalInput, type NativeEngine, PIECE_FIELDS } from "../../../../lib/native/types.ts";
import { logProbsOf } from "../../../../lib/train/objective/row-log-probs.ts";

const SEQ_LENGTH = 4;

/** Loses at each position of a row what the row's pieces have as their offsets, added up. */
const engine = {
  evaluate: async ({ pieces, num_micro_batches }: EvalInput) => {
    const token_losses = new Float32Array(2 * num_micro_batches * SEQ_LENGTH);
    for (let at = 0; at < pieces.length; at += PIECE_FIELDS) {
      const row = pieces[at]!;
      const losses = token_losses.subarray(row * SEQ_LENGTH, (row + 1) * SEQ_LENGTH);
      for (const i of losses.keys()) losses[i]! += pieces[at + 2]!;
    }
    return { loss_sum: 0, targets: 0, token_losses };
  },
} as unknown as NativeEngine;

test("each row gets the losses of its own pieces, over several calls", async () => {
  const rows = Array.from({ length: 50 }, (_, i) =>
    Float64Array.from(i % 3 === 0 ? [0, 0, i, 2, 0, 0, 0, 100, 2, 0] : [0, 0, i, 4, 0]),
  );
  const facts = { rows: rows.length, seq_length: SEQ_LENGTH, micro_batch_size: 2, ramp: NO_RAMP };
  const found = await logProbsOf(engine, joinRows(rows), facts);
  const expected = rows.map((_, i) => -SEQ_LENGTH * (i + (i % 3 === 0 ? 100 : 0)));
  expect([...found]).toEqual(expected);
});
