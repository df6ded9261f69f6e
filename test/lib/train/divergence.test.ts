import { describe, expect, test } from "vitest";
import { refuseDiverged } from "../../../lib/train/divergence.ts";
import { failure } from "../failure.ts";

const VOCAB = 100;
const guessing = Math.log(VOCAB);

describe("losses of a trained stage", () => {
  test.each([0, 0.5, guessing, 2 * guessing])("may be %d", (loss) => {
    refuseDiverged({ training: loss, validation: loss }, VOCAB);
  });

  test.each([
    ["no number", Number.NaN, "no finite number"],
    ["without bound", Infinity, "no finite number"],
    ["lost, as JSON loses it", null, "no finite number"],
    ["far above guessing", 494.342, "494.34"],
  ])("may not be %s", (_, loss, shown) => {
    const { code, message, hint } = failure(() =>
      refuseDiverged({ training: 1, validation: loss }, VOCAB),
    );
    expect(code).toBe("DIVERGED");
    expect(message).toContain(`the validation loss is ${shown} in the end`);
    expect(message).toContain(`guessing among ${VOCAB} tokens has ${guessing.toFixed(4)}`);
    expect(hint).toContain("optimizer.lr");
  });

  test("may be anything finite where guessing is no measure", () => {
    refuseDiverged({ training: 494.342, validation: 17.6 }, null);
    for (const loss of [Number.NaN, Infinity, null]) {
      const { message } = failure(() => refuseDiverged({ validation: loss }, null));
      expect(message).toBe("the validation loss is no finite number in the end");
    }
  });
});
