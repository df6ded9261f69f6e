import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type NativeEngine,
  PIECE_LAST_TARGET,
  PIECE_NEW_SEGMENT,
  PIECE_NO_TARGETS,
} from "../../lib/native/types.ts";
import { readyEngine, stepInput, temporaryFolder, tinySpec } from "./tiny-engine.ts";

const folder = temporaryFolder();
const spec = tinySpec();
const SEQ = spec.shape.seq_length;
const ROWS = 4;
let engine: NativeEngine;

beforeAll(async () => {
  engine = await readyEngine(spec, folder.file("tokens"));
});
afterAll(async () => {
  await engine?.close();
  folder.remove();
});

/** Four rows as pieces without targets up to `read` inputs, and with targets behind them, in two micro-batches. */
function masked(read: readonly number[]) {
  const pieces = read.flatMap((inputs, row) => [
    ...(inputs > 0 ? [row, 0, row, inputs, PIECE_NEW_SEGMENT | PIECE_NO_TARGETS] : []),
    ...[row, 0, row + inputs, SEQ - inputs, inputs > 0 ? 0 : PIECE_NEW_SEGMENT],
  ]);
  // Only a row's last piece needs the token behind it.
  for (let at = 4; at < pieces.length; at += 5) pieces[at]! |= PIECE_LAST_TARGET;
  return { ...stepInput(spec, 2), pieces: Float64Array.from(pieces) };
}

test("tokens that are only read have no loss, and change no other's", async () => {
  const read = [SEQ - 1, 0, 5, 9];
  const of = (inputs: readonly number[]) => engine.evaluate({ ...masked(inputs), per_token: true });
  const [all, some] = [await of([0, 0, 0, 0]), await of(read)];
  expect(all.targets).toBe(ROWS * SEQ);
  expect(some.targets).toBe(read.reduce((sum, inputs) => sum + SEQ - inputs, 0));
  const expected = all.token_losses!.map((loss, i) =>
    i % SEQ < read[Math.floor(i / SEQ)]! ? 0 : loss,
  );
  expect([...some.token_losses!]).toEqual([...expected]);
});

test("the loss of a step is the mean over the supervised tokens of all micro-batches", async () => {
  // One target in the first micro-batch beside many in the second: a mean of means would weigh it like all of them.
  const input = masked([SEQ - 1, SEQ - 1, 0, 0]);
  const { loss_sum, targets } = await engine.evaluate({ ...input, per_token: false });
  const report = await engine.step(input);
  expect(report.targets).toBe(2 + 2 * SEQ);
  expect(targets).toBe(report.targets);
  expect(report.loss).toBeCloseTo(loss_sum / targets, 5);
});
