import { describe, expect, test } from "vitest";
import { incidents } from "../../../../lib/report/sections/texts.ts";
import { runFacts } from "../../../../lib/report/facts/run-facts.ts";
import { readRun } from "../../../../lib/report/read/run.ts";
import { writeRun } from "../runs.ts";

/** The items of the list, as text. */
async function told(...events: object[]): Promise<string[]> {
  const text = incidents(
    runFacts(await readRun(writeRun({ config: "", metrics: [], events }))),
  )!.text;
  return [...text.matchAll(/<li>(.*?)<\/li>/gs)].map(([, item]) =>
    item!.replaceAll(/<[^>]*>/g, "").replaceAll(/\s+/g, " "),
  );
}

const numbers = { loss: 7.5, grad_norm: 2, limit: 6, reason: "loss" };
const nothing = { loss: null, grad_norm: null, limit: null, reason: "non_finite" };

describe("a rejected step", () => {
  test.each([
    ["skip", "skipped"],
    ["replace", "made again with the next batch"],
    ["rollback", "rejected"],
    ["stop", "rejected"],
    [undefined, "skipped"], // as the first versions wrote it
  ])("with action %s was %s", async (action, words) => {
    expect(await told({ type: "skip", step: 9, action, ...numbers })).toEqual([
      `step 9 ${words}: loss 7.500, gradient norm 2.000`,
    ]);
  });

  test("is told to have had no finite numbers", async () => {
    expect(await told({ type: "skip", step: 9, action: "skip", ...nothing })).toEqual([
      "step 9 skipped: loss not finite, gradient norm not finite",
    ]);
  });

  test("tells why the run went back, and at which rates it goes on", async () => {
    const rejected = { step: 12, ...nothing };
    const rollback = { type: "rollback", step: 4, number: 2, rejected, lr_factor: 0.5 };
    expect(
      await told(
        rollback,
        { ...rollback, lr_factor: 1 },
        { ...rollback, rejected: { step: 14, ...numbers }, lr_factor: 0.7 ** 4 },
      ),
    ).toEqual([
      "step 4 went back here from step 12: loss not finite, gradient norm not finite; rates are now times 0.5",
      "step 4 went back here from step 12: loss not finite, gradient norm not finite",
      "step 4 went back here from step 14: loss 7.500, gradient norm 2.000; rates are now times 0.24",
    ]);
  });
});

test("a resume tells what the config says otherwise than before", async () => {
  const resume = { type: "resume", step: 5, checkpoint: "/run/step-5" };
  expect(
    await told(resume, { ...resume, changed: ["stages.0.lr 0.1 → 0.2", "seed 1 → 2"] }),
  ).toEqual([
    "step 5 resumed from /run/step-5",
    "step 5 resumed from /run/step-5; changed: stages.0.lr 0.1 → 0.2, seed 1 → 2",
  ]);
});
