import fc from "fast-check";
import { expect, test } from "vitest";
import type { EvalInput, NativeEngine } from "../../../lib/native/types.ts";
import { joinRows, lossOfRows } from "../../../lib/eval/loss-of-rows.ts";
import { NO_RAMP } from "../../../lib/growth/ramp.ts";

const piece = (row: number, length: number) => [row, 0, 100, length, 1];

test("rows are numbered from 0, with their pieces behind one another", () => {
  const rows = [
    Float64Array.from([...piece(7, 3), ...piece(7, 5)]),
    Float64Array.from(piece(7, 8)),
  ];
  expect([...joinRows(rows)]).toEqual([...piece(0, 3), ...piece(0, 5), ...piece(1, 8)]);
  expect(joinRows([])).toHaveLength(0);
  expect(rows[0]![0]).toBe(7);
});

/** An engine that says of each row the sum of its lengths as loss, and one target a piece. */
function countingEngine(): { engine: NativeEngine; calls: EvalInput[] } {
  const calls: EvalInput[] = [];
  const evaluate = (input: EvalInput) => {
    calls.push(input);
    const lengths = [...input.pieces].filter((_, i) => i % 5 === 3);
    const loss_sum = lengths.reduce((sum, length) => sum + length, 0);
    return Promise.resolve({ loss_sum, targets: lengths.length, token_losses: null });
  };
  return { engine: { evaluate } as unknown as NativeEngine, calls };
}

test("the loss is the mean over the targets of all calls", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      async (lengths, micro_batch_size) => {
        const { engine, calls } = countingEngine();
        const rows = lengths.map((length) => Float64Array.from(piece(0, length)));
        const report = await lossOfRows(engine, rows, micro_batch_size, NO_RAMP);
        expect(report.targets).toBe(lengths.length);
        expect(report.loss).toBeCloseTo(lengths.reduce((a, b) => a + b, 0) / lengths.length, 9);
        for (const { pieces, num_micro_batches } of calls)
          expect(Math.ceil(pieces.length / 5 / micro_batch_size)).toBe(num_micro_batches);
      },
    ),
    { numRuns: 30 },
  );
});

test("an aborted signal ends it between two calls", async () => {
  const { engine, calls } = countingEngine();
  const stop = new AbortController();
  const { evaluate } = engine;
  engine.evaluate = (input) => {
    stop.abort(new Error("enough"));
    return evaluate(input);
  };
  const rows = Array.from({ length: 40 }, () => Float64Array.from(piece(0, 3)));
  const loss = lossOfRows(engine, rows, 1, NO_RAMP, undefined, stop.signal);
  await expect(loss).rejects.toThrow("enough");
  expect(calls).toHaveLength(1);
});
