import { describe, expect, test } from "vitest";
import { outcomeDoubt } from "../../../lib/cli/outcome-doubt.ts";
import type { TrainResult } from "../../../lib/train/events.ts";

const RESULT: TrainResult = {
  status: "done",
  steps: 300,
  tokens: 4_100_000,
  loss: 2,
  validation_loss: 4,
  bigram_loss: 5,
  tokens_per_second: 256,
  checkpoint: null,
  run_dir: "/runs/mini",
};
const FALLS = [3, 2.5, 2.4];
const RISES = [3, 2.5, 2.6];

/** A text of so many tokens, and bits per byte at steps 100, 200, … */
function doubt(train_tokens: number, bits: number[], result: Partial<TrainResult> = {}) {
  const validations = bits.map((bits_per_byte, i) => ({ step: 100 * (i + 1), bits_per_byte }));
  return outcomeDoubt({ train_tokens }, validations, { ...RESULT, ...result });
}

describe("a run that has ended", () => {
  test.each([
    ["below the bigram model, and best in the end", 100_000, FALLS, {}],
    ["higher by a hair", 100_000, [2.5, 2.51], {}],
    ["higher, on text read once", 4_100_000, RISES, {}],
    ["by a signal", 100_000, RISES, { status: "interrupted" as const }],
    ["without validation", 100_000, [], { validation_loss: null }],
    ["with an earlier command", 100_000, [], {}],
  ])("%s, is not doubted", (_, train_tokens, bits, result) => {
    expect(doubt(train_tokens, bits, result)).toBeNull();
  });

  test("has learnt by heart what it read many times", () => {
    expect(doubt(100_000, RISES)).toBe(
      "validation was best at step 200 and has risen since: the text was read 41.0 times; " +
        "more text or fewer tokens would help",
    );
  });

  test.each([
    ["many times", 1_000_000, /bigram model: the text was read 4\.1 times; more text/],
    ["once", 4_100_000, /bigram model: more tokens or another optimizer\.lr/],
  ])("above the bigram model is told so, with text read %s", (_, train_tokens, says) => {
    expect(doubt(train_tokens, FALLS, { validation_loss: 5.5 })).toMatch(says);
  });
});
